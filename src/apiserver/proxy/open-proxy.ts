import { badRequest } from '#base/errors.ts'
import { admitConnection } from '../admission/admit-connection.ts'
import type { Call, ClusterContext, Outcome, Target } from '../context.ts'
import { findBackend } from './find-backend.ts'
import { readProxiedPath, readSubject } from './proxied-path.ts'

/** Where a request below `/proxy` of a pod, service or node goes on. */
export async function openProxy(
  context: ClusterContext,
  call: Call,
  target: Target,
): Promise<Outcome> {
  const subject = readSubject(target.name)
  if (subject === undefined) throw badRequest(`invalid request: ${JSON.stringify(target.name)}`)
  const asked = readProxiedPath(call.request.path)?.rest ?? ''
  const rest = await admitConnection(context, call, target, asked)
  const query = call.request.query.toString()
  return {
    type: 'proxy',
    ...findBackend(context, target, subject),
    rest,
    path: `${rest || '/'}${query === '' ? '' : `?${query}`}`,
  }
}
