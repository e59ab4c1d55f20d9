// Ports that pods claim on their node's own addresses.
import type { Pod } from '#kinds/k8s/core.ts'

export interface HostPort {
  /** "0.0.0.0" stands for every address. */
  address: string
  protocol: string
  port: number
}

const EVERY_ADDRESS = '0.0.0.0'

export function hostPortsOf({ spec }: Pod): HostPort[] {
  const sidecars = (spec?.initContainers ?? []).filter((c) => c.restartPolicy === 'Always')
  return [...(spec?.containers ?? []), ...sidecars].flatMap((container) =>
    (container.ports ?? []).flatMap(({ hostPort, hostIP, protocol }) =>
      hostPort
        ? [{ address: hostIP || EVERY_ADDRESS, protocol: protocol ?? 'TCP', port: hostPort }]
        : [],
    ),
  )
}

export class HostPortSet {
  /** "TCP/80" -> the addresses it is taken on, one for each pod that has it. */
  readonly #taken = new Map<string, string[]>()

  add({ address, protocol, port }: HostPort): void {
    const key = `${protocol}/${port}`
    const addresses = this.#taken.get(key)
    if (addresses) addresses.push(address)
    else this.#taken.set(key, [address])
  }

  remove({ address, protocol, port }: HostPort): void {
    const key = `${protocol}/${port}`
    const addresses = this.#taken.get(key) ?? []
    const at = addresses.indexOf(address)
    if (at >= 0) addresses.splice(at, 1)
    if (addresses.length === 0) this.#taken.delete(key)
  }

  isFree({ address, protocol, port }: HostPort): boolean {
    const addresses = this.#taken.get(`${protocol}/${port}`)
    if (addresses === undefined) return true
    return !addresses.some(
      (other) => other === address || other === EVERY_ADDRESS || address === EVERY_ADDRESS,
    )
  }
}
