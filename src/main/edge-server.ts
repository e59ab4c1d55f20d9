// What edge serves: names and forwarded ports of its state, which is kept on disk.
import { existsSync, mkdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { writeFileAtomic } from '#base/atomic-file.ts'
import { systemClock } from '#base/clock.ts'
import type { Logger } from '#base/log.ts'
import { gatewayPorts } from '#base/ports.ts'
import { DnsServer } from '#network/dns/server.ts'
import { createUpstream, nameserversOf } from '#network/dns/upstream.ts'
import {
  type EdgeCluster,
  type EdgeState,
  EMPTY_EDGE_STATE,
  lastingState,
} from '#network/edge-state.ts'
import { createForwarderSet } from '#network/forward/forwarder.ts'
import { AddressListeners } from './address-listeners.ts'
import type { Gateways } from './hub-clusters.ts'

/** Changes within this time are written to disk once. */
const SAVE_DELAY_MS = 200

function readState(file: string): EdgeState {
  if (!existsSync(file)) return EMPTY_EDGE_STATE
  const state = JSON.parse(readFileSync(file, 'utf8')) as EdgeState
  if (state.version !== 1) throw new Error(`${file} is of a newer ccs`)
  return state
}

export class EdgeServer {
  readonly #log: Logger
  readonly #stateFile: string
  /** On loopback, and on the address of `--listen`. */
  readonly #forwarders: ReturnType<typeof createForwarderSet>[]
  readonly #gateways: AddressListeners<DnsServer>
  readonly #host: DnsServer
  #state: EdgeState
  #saving = false
  /** What the file holds, once this process wrote it. */
  #saved: string | undefined

  constructor(options: {
    directory: string
    dnsPort: number
    listen: string | undefined
    log: Logger
  }) {
    const { directory, dnsPort, listen, log } = options
    mkdirSync(directory, { recursive: true, mode: 0o700 })
    this.#log = log
    this.#stateFile = path.join(directory, 'state.json')
    this.#state = readState(this.#stateFile)
    const hosts = ['127.0.0.1', ...(listen === undefined ? [] : [listen])]
    this.#forwarders = hosts.map((host) => createForwarderSet({ clock: systemClock, log, host }))
    this.#host = this.#dnsServer('host', '127.0.0.1', dnsPort)
    this.#gateways = new AddressListeners({
      clock: systemClock,
      log,
      open: async (cluster, address) => {
        const server = this.#dnsServer({ cluster }, address, gatewayPorts.dns)
        await server.listen()
        return server
      },
    })
  }

  async start(): Promise<void> {
    this.#forward()
    await this.#host.listen()
  }

  setGateways(gateways: Gateways): void {
    this.#gateways.set(gateways)
  }

  setCluster(cluster: EdgeCluster): void {
    const others = this.#state.clusters.filter((other) => other.name !== cluster.name)
    this.#set([...others, cluster])
  }

  removeCluster(name: string): void {
    this.#set(this.#state.clusters.filter((cluster) => cluster.name !== name))
  }

  stop(): void {
    this.#gateways.close()
    this.#host.close()
    for (const forwarders of this.#forwarders) forwarders.close()
    this.#save()
  }

  #dnsServer(asker: 'host' | { cluster: string }, address: string, port: number): DnsServer {
    const gateways = () => new Set(this.#state.clusters.map((cluster) => cluster.gatewayAddress))
    const servers = () => nameserversOf(readFileSync('/etc/resolv.conf', 'utf8'), gateways())
    const upstream = createUpstream({ servers, clock: systemClock })
    return new DnsServer({
      address,
      port,
      asker,
      state: () => this.#state,
      // The host's programs have resolvers of their own for what is not ours.
      forward: asker === 'host' ? undefined : upstream,
      clock: systemClock,
      log: this.#log,
    })
  }

  #set(clusters: EdgeCluster[]): void {
    this.#state = { version: 1, clusters }
    this.#forward()
    if (this.#saving) return
    this.#saving = true
    systemClock.after(SAVE_DELAY_MS, () => {
      this.#saving = false
      this.#save()
    })
  }

  #forward(): void {
    const forwards = this.#state.clusters.flatMap((cluster) => cluster.forwards)
    for (const forwarders of this.#forwarders) forwarders.set(forwards)
  }

  #save(): void {
    const text = JSON.stringify(lastingState(this.#state))
    if (text === this.#saved) return
    writeFileAtomic(this.#stateFile, text)
    this.#saved = text
  }
}
