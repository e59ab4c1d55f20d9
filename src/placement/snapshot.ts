// The nodes and the pods on them, kept up to date change by change: what placement decides on.
import type { Node, Pod } from '#kinds/k8s/core.ts'
import { keyOf } from '#kinds/object.ts'
import { isPodFinished } from '#kinds/pod-status.ts'
import { NodeState, placedPod } from './node-state.ts'
import { PodTallies } from './pod-tallies.ts'

export class ClusterSnapshot {
  readonly tallies = new PodTallies()
  readonly #states = new Map<string, NodeState>()
  /** Pod -> the node it is counted on. */
  readonly #places = new Map<string, string>()
  #order: readonly NodeState[] | undefined

  /** Nodes that are known, zones taking turns, so that any run of them covers all zones. */
  get nodes(): readonly NodeState[] {
    return (this.#order ??= interleaved([...this.#states.values()].filter((s) => s.isKnown)))
  }

  node(name: string): NodeState | undefined {
    const state = this.#states.get(name)
    return state?.isKnown ? state : undefined
  }

  setNode(node: Node): void {
    const state = this.#state(node.metadata.name)
    const [wasKnown, zone] = [state.isKnown, state.zone]
    state.set(node)
    if (!wasKnown || zone !== state.zone) this.#order = undefined
  }

  removeNode(name: string): void {
    const state = this.#states.get(name)
    if (state === undefined) return
    state.set(undefined)
    this.#order = undefined
    this.#forgetIfEmpty(state)
  }

  /** Counts the pod where it is now; one without a node, or one that has ended, nowhere. */
  setPod(pod: Pod): void {
    const key = keyOf(pod)
    this.removePod(key)
    const name = pod.spec?.nodeName
    if (!name || isPodFinished(pod)) return
    this.#state(name).addPod(key, placedPod(pod))
    this.tallies.change(pod, name, 1)
    this.#places.set(key, name)
  }

  removePod(key: string): void {
    const name = this.#places.get(key)
    if (name === undefined) return
    const state = this.#state(name)
    this.tallies.change(state.pods.get(key)!.pod, name, -1)
    state.removePod(key)
    this.#places.delete(key)
    this.#forgetIfEmpty(state)
  }

  /** The pod as it was counted last, if it is counted. */
  pod(key: string): Pod | undefined {
    const name = this.#places.get(key)
    return name === undefined ? undefined : this.#states.get(name)?.pods.get(key)?.pod
  }

  *placedPods(): Iterable<readonly [node: string, pod: Pod]> {
    for (const [name, { pods }] of this.#states)
      for (const { pod } of pods.values()) yield [name, pod]
  }

  #state(name: string): NodeState {
    const known = this.#states.get(name)
    if (known !== undefined) return known
    const state = new NodeState(name)
    this.#states.set(name, state)
    return state
  }

  #forgetIfEmpty(state: NodeState): void {
    if (!state.isKnown && state.pods.size === 0) this.#states.delete(state.name)
  }
}

/** One node of each zone in turn; inside a zone, and of the zones, by name. */
function interleaved(states: readonly NodeState[]): NodeState[] {
  const zones = new Map<string, NodeState[]>()
  for (const state of states.toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
    const members = zones.get(state.zone)
    if (members) members.push(state)
    else zones.set(state.zone, [state])
  }
  const rows = [...zones].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, members]) => members)
  const longest = Math.max(0, ...rows.map((members) => members.length))
  const order: NodeState[] = []
  for (let turn = 0; turn < longest; turn++)
    for (const members of rows) if (members[turn] !== undefined) order.push(members[turn]!)
  return order
}
