import { StatusError } from '#base/errors.ts'
import type { Call, ClusterContext, ProxyOutcome } from '../context.ts'
import { frontProxyHeaders } from './front-proxy.ts'
import { type RemoteService, serverNameOf } from './remote-service.ts'
import type { Target } from '../outgoing/connect-within.ts'
import { targetOf } from './remote-target.ts'

/** The request goes on as it is, in the name of who asks. */
export async function proxyToRemote(
  context: ClusterContext,
  { request, user }: Call,
  remote: RemoteService,
): Promise<ProxyOutcome> {
  const target = await place(context, remote)
  const query = request.query.toString()
  return {
    type: 'proxy',
    host: `${target.address.host}:${target.address.port}`,
    hostHeader: serverNameOf(remote),
    // All of it is the client's.
    rest: request.path,
    path: `${request.path}${query === '' ? '' : `?${query}`}`,
    identity: frontProxyHeaders(user),
    open: (asked) => context.outgoing.open(target, asked),
    connect: () => context.outgoing.connect(target),
  }
}

async function place(context: ClusterContext, remote: RemoteService): Promise<Target> {
  try {
    return await targetOf(context, remote)
  } catch (error) {
    throw new StatusError('ServiceUnavailable', 'service unavailable', { cause: error })
  }
}
