// Addresses of pods on simulated nodes: each node has a /24, and no two pods have one at a time.
import type { Node, Pod } from '#kinds/k8s/core.ts'
import { isPodFinished } from '#kinds/pod-status.ts'

const FIRST_HOST = 2
const LAST_HOST = 254
/** An address just given is not in the informer yet. */
const REMEMBERED_MAX = 64

export class PodAddresses {
  readonly #nodes = new Map<string, { prefix: string; hostIP: string }>()
  /** Given of late, newest last. */
  readonly #given = new Map<string, string>()

  constructor(nodes: readonly Node[]) {
    for (const { metadata, spec, status } of nodes) {
      const podCIDR = spec.podCIDR
      if (podCIDR === undefined) throw new TypeError(`node ${metadata.name} has no spec.podCIDR`)
      const hostIP = status?.addresses?.find(({ type }) => type === 'InternalIP')?.address ?? ''
      this.#nodes.set(metadata.name, { prefix: podCIDR.replace(/\d+\/24$/, ''), hostIP })
    }
  }

  hostOf(node: string): string {
    return this.#of(node).hostIP
  }

  /** A free address on the pod's node; `others` are all pods known. */
  take(pod: Pod, others: readonly Pod[]): string {
    const { prefix } = this.#of(pod.spec.nodeName!)
    const { uid = '' } = pod.metadata
    const before = this.#given.get(uid)
    if (before !== undefined) return before
    const taken = new Set([
      ...this.#given.values(),
      ...others.filter((other) => !isPodFinished(other)).map(({ status }) => status?.podIP),
    ])
    for (let host = FIRST_HOST; host <= LAST_HOST; host++) {
      const address = `${prefix}${host}`
      if (taken.has(address)) continue
      this.#given.set(uid, address)
      if (this.#given.size > REMEMBERED_MAX) this.#given.delete(this.#given.keys().next().value!)
      return address
    }
    throw new Error(`no address is left in ${prefix}0/24`)
  }

  #of(node: string) {
    const known = this.#nodes.get(node)
    if (known === undefined) throw new Error(`pod on node ${node}, which is not simulated here`)
    return known
  }
}
