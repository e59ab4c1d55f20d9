// The nodes and the pods on them, kept up to date change by change: what placement decides on.
import { isDeepStrictEqual } from 'node:util'
import type { Namespace, Node, Pod } from '#kinds/k8s/core.ts'
import { keyOf } from '#kinds/object.ts'
import { isPodFinished } from '#kinds/pod-status.ts'
import { CarriedTallies } from './carried-tallies.ts'
import { NodeState, type PlacedPod, placedPod } from './node-state.ts'
import { type PodQuery, PodTallies } from './pod-tallies.ts'
import type { NamespaceLabels } from './pod-term.ts'
import { addTo, type Tally } from './tally.ts'
import type { Topology } from './topology.ts'

export class ClusterSnapshot {
  readonly tallies = new PodTallies()
  readonly carried = new CarriedTallies()
  readonly #namespaces = new Map<string, Namespace>()
  readonly #states = new Map<string, NodeState>()
  /** Pod -> the node it is counted on. */
  readonly #places = new Map<string, string>()
  /** Pod that waits for room made for it -> the node. */
  readonly #nominations = new Map<string, string>()
  /** Image -> how many nodes have it. */
  readonly #imageNodes = new Map<string, number>()
  readonly #domains = new Map<string, ReadonlySet<string>>()
  #order: readonly NodeState[] | undefined

  /** Nodes that are known, zones taking turns, so that any run of them covers all zones. */
  get nodes(): readonly NodeState[] {
    return (this.#order ??= interleaved([...this.#states.values()].filter((s) => s.isKnown)))
  }

  /** Domains of the topology that have a node. */
  domains(topology: Topology): ReadonlySet<string> {
    const known = this.#domains.get(topology.key)
    if (known !== undefined) return known
    const domains = new Set<string>()
    for (const state of this.nodes) {
      const domain = topology.domainOf(state)
      if (domain !== undefined) domains.add(domain)
    }
    this.#domains.set(topology.key, domains)
    return domains
  }

  /** Pods that the query finds on the nodes, by domain. */
  count(query: PodQuery): Tally {
    return this.tallies.of(query, () => this.placedPods())
  }

  readonly namespaceLabels: NamespaceLabels = (name) => this.#namespaces.get(name)?.metadata.labels

  setNamespace(namespace: Namespace): void {
    const { name, labels = {} } = namespace.metadata
    const known = this.#namespaces.get(name)
    this.#namespaces.set(name, namespace)
    if (!known || !isDeepStrictEqual(known.metadata.labels ?? {}, labels))
      this.tallies.namespacesChanged()
  }

  removeNamespace(name: string): void {
    if (this.#namespaces.delete(name)) this.tallies.namespacesChanged()
  }

  /** How many nodes have an image of this name. */
  nodesWithImage(image: string): number {
    return this.#imageNodes.get(image) ?? 0
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
    this.#count(placed, state, 1)
    this.#places.set(key, name)
  }

  removePod(key: string): void {
    const name = this.#places.get(key)
    if (name === undefined) return
    const state = this.#state(name)
    this.#count(state.pods.get(key)!, state, -1)
    state.removePod(key)
    this.#places.delete(key)
    this.#forgetIfEmpty(state)
  }

  /** The pod as it was counted last, if it is counted. */
  pod(key: string): Pod | undefined {
    const name = this.#places.get(key)
    return name === undefined ? undefined : this.#states.get(name)?.pods.get(key)?.pod
  }

  /** Keeps room on a node for a pod that waits: from now on it is not for pods of lower priority. */
  nominate(pod: Pod, nodeName: string): void {
    const key = keyOf(pod)
    this.dropNomination(key)
    this.#state(nodeName).nominated.set(key, placedPod(pod))
    this.#nominations.set(key, nodeName)
  }

  dropNomination(key: string): void {
    const name = this.#nominations.get(key)
    if (name === undefined) return
    const state = this.#state(name)
    state.nominated.delete(key)
    this.#nominations.delete(key)
    this.#forgetIfEmpty(state)
  }

  /** The node on which room is kept for the pod. */
  nominationOf(key: string): string | undefined {
    return this.#nominations.get(key)
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
    for (const placed of moved) this.#count(placed, state, -1)
    for (const image of state.images.keys()) addTo(this.#imageNodes, image, -1)
    state.set(node)
    for (const image of state.images.keys()) addTo(this.#imageNodes, image, 1)
    for (const placed of moved) this.#count(placed, state, 1)
    if (!isSameTopology) this.#domains.clear()
  }

  #count(placed: PlacedPod, state: NodeState, change: 1 | -1): void {
    this.tallies.change(placed, state, change)
    this.carried.change(placed, state, change)
  }

  #state(name: string): NodeState {
    const known = this.#states.get(name)
    if (known !== undefined) return known
    const state = new NodeState(name)
    this.#states.set(name, state)
    return state
  }

  #forgetIfEmpty(state: NodeState): void {
    if (!state.isKnown && state.pods.size + state.nominated.size === 0)
      this.#states.delete(state.name)
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
