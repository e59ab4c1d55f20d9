// A node as placement sees it: what it has, and the sums of what its pods take.
import type { Node, Pod, Taint } from '#kinds/k8s/core.ts'
import { keyOf } from '#kinds/object.ts'
import { amountsOf } from '#kinds/resource-amounts.ts'
import { type HostPort, HostPortSet, hostPortsOf } from './host-ports.ts'
import { type Amounts, requestedBy, weightOf } from './pod-amounts.ts'
import { groupOf } from './pod-group.ts'
import { type CarriedTerm, carriedTerms } from './pod-term.ts'

export const ZONE_LABEL = 'topology.kubernetes.io/zone'

/** A pod with what follows from its spec, computed once. */
export interface PlacedPod {
  pod: Pod
  /** `namespace/name`. */
  key: string
  group: string
  requests: Amounts
  weight: Amounts
  ports: HostPort[]
  priority: number
  /** Its terms of affinity to other pods. */
  terms: readonly CarriedTerm[]
}

export function placedPod(pod: Pod): PlacedPod {
  return {
    pod,
    key: keyOf(pod),
    group: groupOf(pod),
    requests: requestedBy(pod),
    weight: weightOf(pod),
    ports: hostPortsOf(pod),
    priority: pod.spec?.priority ?? 0,
    terms: carriedTerms(pod),
  }
}

/** One resource of a node: what it has, and the sums of what its pods take. */
export interface Stock {
  allocatable: number
  requested: number
  /** What its pods count as when nodes are compared. */
  weight: number
}

const NOTHING: Readonly<Stock> = { allocatable: 0, requested: 0, weight: 0 }
const NO_LABELS: Readonly<Record<string, string>> = {}
const NO_TAINTS: readonly Taint[] = []
const NO_IMAGES: ReadonlyMap<string, number> = new Map()

function imagesOf(node: Node | undefined): ReadonlyMap<string, number> {
  const images = node?.status?.images ?? []
  if (images.length === 0) return NO_IMAGES
  return new Map(
    images.flatMap(({ names = [], sizeBytes = 0 }) => names.map((name) => [name, sizeBytes])),
  )
}

/** Read for thousands of nodes for each pod: what is asked often lies ready in a field. */
export class NodeState {
  readonly name: string
  readonly ports = new HostPortSet()
  readonly pods = new Map<string, PlacedPod>()
  /** Pods that wait for room made for them here: it is not for those of lower priority. */
  readonly nominated = new Map<string, PlacedPod>()
  // Every pod takes of these two: a field is read much faster than an entry of a map.
  readonly #cpu: Stock = { ...NOTHING }
  readonly #memory: Stock = { ...NOTHING }
  readonly #others = new Map<string, Stock>()
  #node: Node | undefined
  #labels = NO_LABELS
  #taints = NO_TAINTS
  #isCordoned = false
  #zone = ''
  #podsFree = 0
  #images = NO_IMAGES

  constructor(name: string) {
    this.name = name
  }

  /** Pods may be heard of before their node: until then it has nothing and gets no pods. */
  get isKnown(): boolean {
    return this.#node !== undefined
  }

  get node(): Node {
    if (this.#node === undefined) throw new Error(`node ${this.name} is not known`)
    return this.#node
  }

  get labels(): Readonly<Record<string, string>> {
    return this.#labels
  }

  get taints(): readonly Taint[] {
    return this.#taints
  }

  get isCordoned(): boolean {
    return this.#isCordoned
  }

  get zone(): string {
    return this.#zone
  }

  get isFull(): boolean {
    return this.#podsFree <= 0
  }

  stock(resource: string): Readonly<Stock> {
    if (resource === 'cpu') return this.#cpu
    if (resource === 'memory') return this.#memory
    return this.#others.get(resource) ?? NOTHING
  }

  /** Image name -> size in bytes. */
  get images(): ReadonlyMap<string, number> {
    return this.#images
  }

  set(node: Node | undefined): void {
    this.#node = node
    this.#labels = node?.metadata.labels ?? NO_LABELS
    this.#taints = node?.spec?.taints ?? NO_TAINTS
    this.#isCordoned = node?.spec?.unschedulable ?? false
    this.#zone = this.#labels[ZONE_LABEL] ?? ''
    const allocatable = amountsOf(node?.status?.allocatable)
    for (const stock of [this.#cpu, this.#memory, ...this.#others.values()]) stock.allocatable = 0
    for (const [name, amount] of Object.entries(allocatable)) this.#open(name).allocatable = amount
    this.#podsFree = (allocatable['pods'] ?? 0) - this.pods.size
    this.#images = imagesOf(node)
  }

  /** The same node, to suppose other pods on it. */
  copy(): NodeState {
    const copy = new NodeState(this.name)
    copy.#node = this.#node
    copy.#labels = this.#labels
    copy.#taints = this.#taints
    copy.#isCordoned = this.#isCordoned
    copy.#zone = this.#zone
    copy.#podsFree = this.#podsFree
    copy.#images = this.#images
    Object.assign(copy.#cpu, this.#cpu)
    Object.assign(copy.#memory, this.#memory)
    for (const [name, stock] of this.#others) copy.#others.set(name, { ...stock })
    for (const [key, placed] of this.pods) {
      copy.pods.set(key, placed)
      for (const port of placed.ports) copy.ports.add(port)
    }
    for (const [key, placed] of this.nominated) copy.nominated.set(key, placed)
    return copy
  }

  addPod(key: string, placed: PlacedPod): void {
    if (this.pods.has(key)) throw new Error(`pod ${key} is on node ${this.name} already`)
    this.pods.set(key, placed)
    this.#podsFree--
    this.#count(placed, 1)
    for (const port of placed.ports) this.ports.add(port)
  }

  removePod(key: string): void {
    const placed = this.pods.get(key)
    if (placed === undefined) throw new Error(`pod ${key} is not on node ${this.name}`)
    this.pods.delete(key)
    this.#podsFree++
    this.#count(placed, -1)
    for (const port of placed.ports) this.ports.remove(port)
  }

  #count({ requests, weight }: PlacedPod, times: 1 | -1): void {
    for (const [name, amount] of requests) this.#open(name).requested += times * amount
    for (const [name, amount] of weight) this.#open(name).weight += times * amount
  }

  #open(resource: string): Stock {
    if (resource === 'cpu') return this.#cpu
    if (resource === 'memory') return this.#memory
    const stock = this.#others.get(resource) ?? { ...NOTHING }
    this.#others.set(resource, stock)
    return stock
  }
}
