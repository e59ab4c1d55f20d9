// A scheduler that decides on its informers alone: bindings under way do not count.
import { isReason } from '#base/errors.ts'
import { WorkQueue } from '#base/work-queue.ts'
import { isDeleting } from '#kinds/meta.ts'
import { keyOf } from '#kinds/object.ts'
import { nodes, pods } from '#kinds/refs.ts'
import { place } from '#placement/place.ts'
import { ClusterSnapshot } from '#placement/snapshot.ts'
import type { StartProcess } from '../processes.ts'

export const forgetfulScheduler: StartProcess = ({ client, informers, ...rest }) => {
  const [knownNodes, knownPods] = [informers.informer(nodes), informers.informer(pods)]
  const queue = new WorkQueue({ ...rest, name: 'forgetful', reconcile, workers: 8 })
  async function reconcile(key: string) {
    const pod = knownPods.get(key)
    if (!pod || pod.spec.nodeName || isDeleting(pod)) return
    const snapshot = new ClusterSnapshot()
    for (const node of knownNodes.list()) snapshot.setNode(node)
    for (const other of knownPods.list()) snapshot.setPod(other)
    const placement = place(snapshot, pod)
    if (placement.type === 'none') return { afterMs: 5_000 }
    const target = { apiVersion: 'v1', kind: 'Node', name: placement.node }
    const { name, namespace } = pod.metadata
    const body = { apiVersion: 'v1', kind: 'Binding', metadata: { name, namespace }, target }
    try {
      await client.resource(pods).subresource('POST', pod.metadata, 'binding', body)
    } catch (error) {
      if (!isReason(error, 'Conflict') && !isReason(error, 'NotFound')) throw error
    }
  }
  knownPods.on({ added: (pod) => queue.add(keyOf(pod)), updated: (pod) => queue.add(keyOf(pod)) })
  queue.start()
}
