// The nodes and the pods on them, kept up to date change by change: what placement decides on.
import { isDeepStrictEqual } from 'node:util'
import type { Node, Pod } from '#kinds/k8s/core.ts'
import { keyOf } from '#kinds/object.ts'
import { isPodFinished } from '#kinds/pod-status.ts'
import { NodeState, type PlacedPod, placedPod } from './node-state.ts'
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
    this.#know(state, node)
    if (!wasKnown || zone !== state.zone) this.#order = undefined
  }

  removeNode(name: string): void {
    const state = this.#states.get(name)
    if (state === undefined) return
    this.#know(state, undefined)
    this.#order = undefined
    this.#forgetIfEmpty(state)
  }

  /** Counts the pod where it is now; one without a node, or one that has ended, nowhere. */
  setPod(pod: Pod): void {
    const key = keyOf(pod)
    this.removePod(key)
    const name = pod.spec?.nodeName
    if (!name || isPodFinished(pod)) return
    const [state, placed] = [this.#state(name), placedPod(pod)]
    state.addPod(key, placed)
    this.tallies.change(placed, state, 1)
    this.#places.set(key, name)
  }

  removePod(key: string): void {
    const name = this.#places.get(key)
    if (name === undefined) return
    const state = this.#state(name)
    this.tallies.change(state.pods.get(key)!, state, -1)
    state.removePod(key)
    this.#places.delete(key)
    this.#forgetIfEmpty(state)
  }

  /** The pod as it was counted last, if it is counted. */
  pod(key: string): Pod | undefined {
    const name = this.#places.get(key)
    return name === undefined ? undefined : this.#states.get(name)?.pods.get(key)?.pod
  }

  *placedPods(): Iterable<readonly [state: NodeState, placed: PlacedPod]> {
    for (const state of this.#states.values())
      for (const placed of state.pods.values()) yield [state, placed]
  }

  /** Sets what is known of a node; its pods are then counted in the domains it lies in now. */
  #know(state: NodeState, node: Node | undefined): void {
    const isSameTopology =
      state.isKnown &&
      node !== undefined &&
      isDeepStrictEqual(state.labels, node.metadata.labels ?? {})
    const moved = isSameTopology ? [] : [...state.pods.values()]
    for (const placed of moved) this.tallies.change(placed, state, -1)
    state.set(node)
    for (const placed of moved) this.tallies.change(placed, state, 1)
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
