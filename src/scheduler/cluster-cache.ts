// The snapshot the scheduler decides on: what the informers say, and the bindings it has asked for
// that they do not show yet.
import { ClusterSnapshot } from '#placement/snapshot.ts'
import type { Node, Pod } from '#kinds/k8s/core.ts'
import { keyOf } from '#kinds/object.ts'
import { isPodFinished } from '#kinds/pod-status.ts'

export class ClusterCache {
  readonly snapshot = new ClusterSnapshot()
  /** Pods counted on a node of our choice that no informer has shown there: key -> uid. */
  readonly #assumed = new Map<string, string>()

  nodeSeen(node: Node): void {
    this.snapshot.setNode(node)
  }

  nodeGone(name: string): void {
    this.snapshot.removeNode(name)
  }

  podSeen(pod: Pod): void {
    const key = keyOf(pod)
    // What the informer shows may be older than our binding.
    if (this.isAssumed(pod) && !pod.spec?.nodeName && !isPodFinished(pod)) return
    this.#assumed.delete(key)
    this.snapshot.setPod(pod)
  }

  podGone(key: string): void {
    this.#assumed.delete(key)
    this.snapshot.removePod(key)
  }

  /** Counts the pod on the node from now on, before the binding is even asked for. */
  assume(pod: Pod, nodeName: string): void {
    this.snapshot.setPod({ ...pod, spec: { ...pod.spec!, nodeName } })
    this.#assumed.set(keyOf(pod), pod.metadata.uid ?? '')
  }

  /** The binding did not come about. */
  forget(pod: Pod): void {
    if (this.isAssumed(pod)) this.podGone(keyOf(pod))
  }

  isAssumed(pod: Pod): boolean {
    return this.#assumed.get(keyOf(pod)) === (pod.metadata.uid ?? '')
  }
}
