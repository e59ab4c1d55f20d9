// Gives each Service of type LoadBalancer an address of the instance and ports on 127.0.0.1, and
// takes them back when the service goes.
import type { Clock } from '#base/clock.ts'
import { isReason } from '#base/errors.ts'
import type { Logger } from '#base/log.ts'
import { hostPortRange } from '#base/ports.ts'
import type { Random } from '#base/random.ts'
import { WorkQueue } from '#base/work-queue.ts'
import type { Client, InformerFactory } from '#client/types.ts'
import type { LoadBalancerIngress, Service } from '#kinds/k8s/core.ts'
import { keyOf } from '#kinds/object.ts'
import { services } from '#kinds/refs.ts'
import type { AddressBook, Holding } from './address-book.ts'

/** On a Service: its ports on 127.0.0.1, see docs/ARCHITECTURE.md "Network". */
export const HOST_PORTS_ANNOTATION = 'ccs.dev/host-ports'

export interface LoadBalancerControllerOptions {
  cluster: string
  client: Client
  informers: InformerFactory
  book: AddressBook
  /** Puts a /32 on the host, or takes it away; both fine when it is so already. */
  addAddress: (address: string) => Promise<void>
  removeAddress: (address: string) => Promise<void>
  /** Whether nothing listens on this port of 127.0.0.1. */
  isPortFree: (port: number, protocol: 'TCP' | 'UDP') => Promise<boolean>
  clock: Clock
  random: Random
  log: Logger
}

const isBalanced = (service: Service | undefined): service is Service =>
  service?.spec.type === 'LoadBalancer' && service.metadata.deletionTimestamp === undefined

/** Ports below belong to programs of the host; a service's own port is taken only from here on. */
export const HOST_PORT_MIN = 1024

export class LoadBalancerController {
  readonly #options: LoadBalancerControllerOptions
  readonly #queue: WorkQueue

  constructor(options: LoadBalancerControllerOptions) {
    this.#options = options
    const { clock, random, log, informers } = options
    // One worker: two services must not choose the same free port at the same time.
    this.#queue = new WorkQueue({
      name: `load-balancer ${options.cluster}`,
      reconcile: (key) => this.#reconcile(key),
      clock,
      random,
      log,
    })
    const changed = (service: Service) => this.#queue.add(keyOf(service))
    informers.informer(services).on({ added: changed, updated: changed, deleted: changed })
  }

  async start(): Promise<void> {
    await this.#options.informers.informer(services).synced
    this.#queue.start()
    // What is in the book but no longer in the cluster went while we were away.
    const prefix = `${this.#options.cluster}/`
    for (const key of this.#options.book.keys())
      if (key.startsWith(prefix)) this.#queue.add(key.slice(prefix.length))
  }

  stop(): Promise<void> {
    return this.#queue.stop()
  }

  async #reconcile(key: string): Promise<void> {
    const { cluster, informers, book, addAddress, removeAddress } = this.#options
    const service = informers.informer(services).get(key)
    const bookKey = `${cluster}/${key}`
    if (!isBalanced(service)) {
      const held = book.get(bookKey)
      if (held !== undefined) {
        await removeAddress(held.address)
        book.release(bookKey)
      }
      if (service !== undefined) await this.#unpublish(service)
      return
    }
    let holding = book.claim(bookKey)
    await addAddress(holding.address)
    const hostPorts = await this.#choosePorts(service, holding)
    if (JSON.stringify(hostPorts) !== JSON.stringify(holding.hostPorts))
      holding = book.setHostPorts(bookKey, hostPorts)
    await this.#publish(service, holding)
  }

  /** A port on 127.0.0.1 for each TCP and UDP port: the one it has, its own if free, else one of the range. */
  async #choosePorts(service: Service, holding: Holding): Promise<Record<string, number>> {
    const chosen: Record<string, number> = {}
    for (const { port, protocol = 'TCP' } of service.spec.ports ?? []) {
      if (protocol === 'SCTP') continue
      const name = `${port}/${protocol}`
      chosen[name] =
        holding.hostPorts[name] ?? (await this.#freePort(port, protocol, Object.values(chosen)))
    }
    return chosen
  }

  async #freePort(own: number, protocol: 'TCP' | 'UDP', chosen: number[]): Promise<number> {
    const { book, isPortFree } = this.#options
    const free = async (port: number) =>
      !chosen.includes(port) && !book.usesPort(port) && (await isPortFree(port, protocol))
    if (own >= HOST_PORT_MIN && (await free(own))) return own
    for (let port = hostPortRange.first; port <= hostPortRange.last; port++)
      if (await free(port)) return port
    throw new Error(
      `no port on 127.0.0.1 is free from ${hostPortRange.first} to ${hostPortRange.last}`,
    )
  }

  async #publish(service: Service, holding: Holding): Promise<void> {
    const hostPorts = JSON.stringify(holding.hostPorts)
    if (service.metadata.annotations?.[HOST_PORTS_ANNOTATION] !== hostPorts)
      await this.#annotate(service, hostPorts)
    const ingress = service.status?.loadBalancer?.ingress
    if (ingress?.length === 1 && ingress[0]?.ip === holding.address) return
    await this.#writeIngress(service, [{ ip: holding.address, ipMode: 'VIP' }])
  }

  /** A service of another type now: what it says of itself must not outlive its address. */
  async #unpublish(service: Service): Promise<void> {
    if (service.metadata.annotations?.[HOST_PORTS_ANNOTATION] !== undefined)
      await this.#annotate(service, null)
    if ((service.status?.loadBalancer?.ingress ?? []).length > 0)
      await this.#writeIngress(service, null)
  }

  #annotate(service: Service, hostPorts: string | null): Promise<void> {
    return this.#patch(service, {
      metadata: { annotations: { [HOST_PORTS_ANNOTATION]: hostPorts } },
    })
  }

  #writeIngress(service: Service, ingress: LoadBalancerIngress[] | null): Promise<void> {
    const patch = { status: { loadBalancer: { ingress } } }
    return this.#patch(service, patch, { subresource: 'status' })
  }

  async #patch(service: Service, patch: unknown, options?: { subresource: string }): Promise<void> {
    try {
      await this.#options.client.resource(services).patch(service.metadata, patch, options)
    } catch (error) {
      // Deleted meanwhile: the next look takes the address back.
      if (!isReason(error, 'NotFound')) throw error
    }
  }
}
