import type { ClusterContext } from '../context.ts'
import type { Target } from '../outgoing/connect-within.ts'
import { backendOfService } from '../outgoing/service-backend.ts'
import { type RemoteService, serverNameOf } from './remote-service.ts'

/** An endpoint of the service, to be asked as the front proxy. Throws where there is none. */
export async function targetOf(
  context: Pick<ClusterContext, 'objects' | 'random' | 'frontProxy'>,
  remote: RemoteService,
): Promise<Target> {
  const { address: host, port } = backendOfService(context, remote.service)
  const { caPem, verify } = remote
  const client = await context.frontProxy?.client()
  return {
    address: { host, port, inCluster: true },
    tls: { serverName: serverNameOf(remote), caPem, verify, client },
  }
}
