// Keeps the service rules of one network namespace as the cluster's Services and EndpointSlices say.
import type { Logger } from '#base/log.ts'
import type { Clock } from '#base/clock.ts'
import type { Random } from '#base/random.ts'
import { WorkQueue } from '#base/work-queue.ts'
import type { InformerFactory } from '#client/types.ts'
import type { Service } from '#kinds/k8s/core.ts'
import type { EndpointSlice } from '#kinds/k8s/discovery.ts'
import type { Pod } from '#kinds/k8s/core.ts'
import { endpointSlices, pods, services } from '#kinds/refs.ts'
import { hostPortsOf } from './host-ports.ts'
import { type NatInput, natRules } from './nat-rules.ts'
import { type NftProgram, tableChange, tableRemoval, wholeTable } from './nft-program.ts'
import { type Backend, serviceRoutes, type ServicePortRoute } from './service-endpoints.ts'

/** What the proxy needs of `linux`'s nft session. */
export interface RulesetSink {
  apply(ruleset: string): Promise<void>
  close(): Promise<void>
}

export interface ServiceProxyOptions extends Omit<NatInput, 'routes' | 'hostPorts'> {
  informers: InformerFactory
  nft: RulesetSink
  /** Forgets connections to UDP backends that are gone: their packets would go on to nowhere. */
  forgetUdp: (backends: Backend[]) => Promise<void>
  clock: Clock
  random: Random
  log: Logger
}

export const SERVICE_NAME_LABEL = 'kubernetes.io/service-name'
/** Index of EndpointSlices by `namespace/service`. */
export const BY_SERVICE = 'by-service'

export const sliceIndexers = {
  [BY_SERVICE]: (slice: EndpointSlice) => {
    const service = slice.metadata.labels?.[SERVICE_NAME_LABEL]
    return service === undefined ? [] : [`${slice.metadata.namespace}/${service}`]
  },
}

/** The one key of the queue: the whole table is one thing. */
const TABLE = 'table'

export class ServiceProxy {
  readonly #options: ServiceProxyOptions
  readonly #queue: WorkQueue
  /** What the kernel has; undefined while that is not known. */
  #applied: NftProgram | undefined
  #udpBackends = new Map<string, Backend>()

  constructor(options: ServiceProxyOptions) {
    this.#options = options
    const { clock, random, log, informers } = options
    this.#queue = new WorkQueue({
      name: `service-proxy ${options.table}`,
      reconcile: () => this.#program(),
      clock,
      random,
      log,
    })
    const changed = () => this.#queue.add(TABLE)
    const handler = { added: changed, updated: changed, deleted: changed }
    informers.informer(services).on(handler)
    informers.informer(endpointSlices, { indexers: sliceIndexers }).on(handler)
    const { node } = options.place
    if (node === undefined) return
    // Pods are many and change often: only what their ports come to is of concern.
    const portsOf = (pod: Pod) => JSON.stringify(hostPortsOf([pod], node))
    const NONE = '[]'
    informers.informer(pods).on({
      added: (pod) => portsOf(pod) !== NONE && changed(),
      updated: (pod, old) => portsOf(pod) !== portsOf(old) && changed(),
      deleted: (pod) => portsOf(pod) !== NONE && changed(),
    })
  }

  /** Begins once both caches are complete: rules made of half a list would cut connections. */
  async start(): Promise<void> {
    const { informers } = this.#options
    await Promise.all([
      informers.informer(services).synced,
      informers.informer(endpointSlices).synced,
      ...(this.#options.place.node === undefined ? [] : [informers.informer(pods).synced]),
    ])
    this.#queue.start()
    this.#queue.add(TABLE)
  }

  /** Leaves the rules in the kernel: traffic goes on while the engine is away. */
  async stop(): Promise<void> {
    await this.#queue.stop()
    await this.#options.nft.close()
  }

  /** Takes the rules away, for a namespace that stays after its cluster. */
  async remove(): Promise<void> {
    await this.#queue.stop()
    await this.#options.nft.apply(tableRemoval(this.#options.table))
    await this.#options.nft.close()
  }

  async #program(): Promise<void> {
    const { informers, nft, place } = this.#options
    const slices = informers.informer(endpointSlices)
    const routes = serviceRoutes(informers.informer(services).list(), (service: Service) =>
      slices.byIndex(BY_SERVICE, `${service.metadata.namespace}/${service.metadata.name}`),
    )
    const hostPorts =
      place.node === undefined ? [] : hostPortsOf(informers.informer(pods).list(), place.node)
    const program = natRules({ ...this.#options, routes, hostPorts })
    const before = this.#applied
    const ruleset = before === undefined ? wholeTable(program) : tableChange(before, program)
    if (ruleset !== '') {
      // Until it is known to be applied, the state in the kernel is unknown.
      this.#applied = undefined
      await nft.apply(ruleset)
    }
    this.#applied = program
    await this.#forgetGone(routes)
  }

  async #forgetGone(routes: ServicePortRoute[]): Promise<void> {
    const now = new Map<string, Backend>()
    for (const route of routes)
      if (route.protocol === 'UDP')
        for (const backend of route.backends) now.set(`${backend.address}:${backend.port}`, backend)
    const gone = [...this.#udpBackends].filter(([key]) => !now.has(key)).map(([, b]) => b)
    if (gone.length > 0) await this.#options.forgetUdp(gone)
    this.#udpBackends = now
  }
}
