// A node as placement sees it: what it has, and the sums of what its pods take.
import type { Node, Pod } from '#kinds/k8s/core.ts'
import { amountsOf } from '#kinds/resource-amounts.ts'
import { type HostPort, HostPortSet, hostPortsOf } from './host-ports.ts'
import { type Amounts, addAmounts, requestedBy, weightOf } from './pod-amounts.ts'

export const ZONE_LABEL = 'topology.kubernetes.io/zone'

/** A pod with what follows from its spec, computed once. */
export interface PlacedPod {
  pod: Pod
  requests: Amounts
  weight: Amounts
  ports: HostPort[]
}

export function placedPod(pod: Pod): PlacedPod {
  return {
    pod,
    requests: requestedBy(pod),
    weight: weightOf(pod),
    ports: hostPortsOf(pod),
  }
}

export class NodeState {
  readonly name: string
  readonly requested: Amounts = new Map()
  readonly weight: Amounts = new Map()
  readonly ports = new HostPortSet()
  readonly pods = new Map<string, PlacedPod>()
  #node: Node | undefined
  #zone = ''
  #podsMax = 0
  #allocatable: Amounts = new Map()
  #images = new Map<string, number>()

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

  get zone(): string {
    return this.#zone
  }

  get podsMax(): number {
    return this.#podsMax
  }

  get allocatable(): ReadonlyMap<string, number> {
    return this.#allocatable
  }

  free(resource: string): number {
    return (this.#allocatable.get(resource) ?? 0) - (this.requested.get(resource) ?? 0)
  }

  /** Image name -> size in bytes. */
  get images(): ReadonlyMap<string, number> {
    return this.#images
  }

  set(node: Node | undefined): void {
    this.#node = node
    this.#zone = node?.metadata.labels?.[ZONE_LABEL] ?? ''
    this.#allocatable = new Map(Object.entries(amountsOf(node?.status?.allocatable)))
    this.#podsMax = this.#allocatable.get('pods') ?? 0
    this.#images = new Map(
      (node?.status?.images ?? []).flatMap(({ names, sizeBytes }) =>
        (names ?? []).map((name) => [name, sizeBytes ?? 0] as const),
      ),
    )
  }

  addPod(key: string, placed: PlacedPod): void {
    if (this.pods.has(key)) throw new Error(`pod ${key} is on node ${this.name} already`)
    this.pods.set(key, placed)
    this.#count(placed, 1)
    for (const port of placed.ports) this.ports.add(port)
  }

  removePod(key: string): void {
    const placed = this.pods.get(key)
    if (placed === undefined) throw new Error(`pod ${key} is not on node ${this.name}`)
    this.pods.delete(key)
    this.#count(placed, -1)
    for (const port of placed.ports) this.ports.remove(port)
  }

  #count({ requests, weight }: PlacedPod, times: 1 | -1): void {
    addAmounts(this.requested, requests, times)
    addAmounts(this.weight, weight, times)
  }
}
