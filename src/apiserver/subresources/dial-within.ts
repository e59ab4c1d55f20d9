import type { Duplex } from 'node:stream'
import type { ClusterContext } from '../context.ts'
import { apiLimits } from '../limits.ts'

/** Connects to a node's kubelet, or fails when that takes too long. */
export async function dialWithin(
  { dialNode, clock }: ClusterContext,
  node: string,
): Promise<Duplex> {
  const dialing = dialNode(node)
  let isLate = false
  const timeout = new Promise<never>((_resolve, reject) => {
    const timer = clock.after(apiLimits.nodeDialTimeoutMs, () => {
      isLate = true
      reject(
        new Error(`node ${node} did not accept a connection in ${apiLimits.nodeDialTimeoutMs} ms`),
      )
    })
    const settled = () => timer.cancel()
    dialing.then(settled, settled)
  })
  // A connection that comes too late is nobody's.
  dialing.then(
    (connection) => isLate && connection.destroy(),
    () => undefined,
  )
  return Promise.race([dialing, timeout])
}
