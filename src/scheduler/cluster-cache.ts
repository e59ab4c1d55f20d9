// The snapshot the scheduler decides on: what the informers say, and what it has asked for that they
// do not show yet: bindings, and room kept for pods that wait for others to leave.
import { ClusterSnapshot } from '#placement/snapshot.ts'
import type { Namespace, Node, Pod } from '#kinds/k8s/core.ts'
import { keyOf } from '#kinds/object.ts'
import { isPodFinished } from '#kinds/pod-status.ts'

interface Nomination {
  uid: string
  /** "" when room is not kept any more. */
  node: string
  /** Whether an informer has shown it in the pod's status. */
  isSeen: boolean
}

export class ClusterCache {
  readonly snapshot = new ClusterSnapshot()
  /** Pods counted on a node of our choice that no informer has shown there: key -> uid. */
  readonly #assumed = new Map<string, string>()
  readonly #nominations = new Map<string, Nomination>()

  nodeSeen(node: Node): void {
    this.snapshot.setNode(node)
  }

  nodeGone(name: string): void {
    this.snapshot.removeNode(name)
  }

  namespaceSeen(namespace: Namespace): void {
    this.snapshot.setNamespace(namespace)
  }

  namespaceGone(name: string): void {
    this.snapshot.removeNamespace(name)
  }

  podSeen(pod: Pod): void {
    const key = keyOf(pod)
    // What the informer shows may be older than our binding.
    if (this.isAssumed(pod) && !pod.spec?.nodeName && !isPodFinished(pod)) return
    this.#assumed.delete(key)
    this.snapshot.setPod(pod)
    if (pod.spec?.nodeName || isPodFinished(pod)) this.#forgetNomination(key)
    else this.#nominationSeen(pod)
  }

  podGone(key: string): void {
    this.#assumed.delete(key)
    this.#forgetNomination(key)
    this.snapshot.removePod(key)
  }

  /** Counts the pod on the node from now on, before the binding is even asked for. */
  assume(pod: Pod, nodeName: string): void {
    this.snapshot.setPod({ ...pod, spec: { ...pod.spec!, nodeName } })
    this.snapshot.dropNomination(keyOf(pod))
    this.#assumed.set(keyOf(pod), pod.metadata.uid ?? '')
  }

  /** The binding did not come about: the pod waits as before. */
  forget(pod: Pod): void {
    if (!this.isAssumed(pod)) return
    const key = keyOf(pod)
    this.#assumed.delete(key)
    this.snapshot.removePod(key)
    const node = this.#nominations.get(key)?.node
    if (node) this.snapshot.nominate(pod, node)
  }

  isAssumed(pod: Pod): boolean {
    return this.#assumed.get(keyOf(pod)) === (pod.metadata.uid ?? '')
  }

  /** Keeps room on the node for the pod; on none with "". */
  nominate(pod: Pod, node: string): void {
    const { uid = '' } = pod.metadata
    this.#setNomination(pod, { uid, node, isSeen: false })
  }

  /** What is told of a nomination may be older than our own last word. */
  #nominationSeen(pod: Pod): void {
    const { uid = '' } = pod.metadata
    const told = pod.status?.nominatedNodeName ?? ''
    const known = this.#nominations.get(keyOf(pod))
    const isSame = known?.uid === uid
    if (isSame && !known.isSeen && known.node !== told) return
    if (!isSame && told === '') return
    this.#setNomination(pod, { uid, node: told, isSeen: true })
  }

  #setNomination(pod: Pod, nomination: Nomination): void {
    const key = keyOf(pod)
    this.#nominations.set(key, nomination)
    if (nomination.node === '') this.snapshot.dropNomination(key)
    else this.snapshot.nominate(pod, nomination.node)
  }

  #forgetNomination(key: string): void {
    this.#nominations.delete(key)
    this.snapshot.dropNomination(key)
  }
}
