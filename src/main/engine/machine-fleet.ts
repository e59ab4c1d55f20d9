// Runs a node agent and a service proxy for every machine that is up in a cluster that is served.
import { WorkQueue } from '#base/work-queue.ts'
import { clusters } from '#kinds/ccs/cluster.ts'
import { type Machine, machines } from '#kinds/ccs/machine.ts'
import type { EngineContext } from './engine-context.ts'
import type { LogicalClusterHost } from './logical-cluster-host.ts'
import {
  isRunning,
  type MachineRuntime,
  type RunningStatus,
  startMachineRuntime,
} from './machine-runtime.ts'

export interface MachineFleetOptions {
  engine: EngineContext
  hub: LogicalClusterHost
  /** The cluster's host, while it is served. */
  hostOf: (cluster: string) => LogicalClusterHost | undefined
  isAnswering: (machine: string) => boolean
}

interface Running {
  runtime: MachineRuntime
  /** What it was started with; another socket or size means: start anew. */
  fingerprint: string
}

const fingerprintOf = ({ spec, status }: Machine & { status: RunningStatus }): string =>
  JSON.stringify([
    spec.zone,
    spec.type,
    status.address,
    status.runtimeSocket,
    status.networkNamespace,
    status.allocatable,
  ])

export class MachineFleet {
  readonly #options: MachineFleetOptions
  readonly #queue: WorkQueue
  readonly #running = new Map<string, Running>()

  constructor(options: MachineFleetOptions) {
    this.#options = options
    const { clock, random, log } = options.engine
    this.#queue = new WorkQueue({
      name: 'machine-fleet',
      reconcile: (name) => this.#reconcile(name),
      clock,
      random,
      log,
      workers: 4,
    })
    const changed = (machine: Machine) => this.#queue.add(machine.metadata.name)
    options.hub.informers
      .informer(machines)
      .on({ added: changed, updated: changed, deleted: changed })
  }

  start(): void {
    this.#queue.start()
  }

  /** A cluster began or ceased to be served. */
  clusterChanged(cluster: string): void {
    for (const machine of this.#options.hub.informers.informer(machines).list())
      if (machine.spec.cluster === cluster) this.#queue.add(machine.metadata.name)
  }

  agentSocket(machine: string): string | undefined {
    return this.#running.get(machine)?.runtime.agentSocket
  }

  async stop(): Promise<void> {
    await this.#queue.stop()
    await Promise.all([...this.#running.values()].map(({ runtime }) => runtime.stop()))
  }

  async #reconcile(name: string): Promise<void> {
    const { engine, hub, hostOf, isAnswering } = this.#options
    const machine = hub.informers.informer(machines).get(name)
    const host = machine && hostOf(machine.spec.cluster)
    const cluster = machine && hub.informers.informer(clusters).get(machine.spec.cluster)
    const serviceCIDR = cluster?.status?.network?.serviceCIDR
    const ready = machine !== undefined && isRunning(machine) ? machine : undefined
    if (!ready || !host || !cluster || serviceCIDR === undefined) return this.#end(name)
    const fingerprint = fingerprintOf(ready)
    if (this.#running.get(name)?.fingerprint === fingerprint) return
    await this.#end(name)
    engine.log.info('starting the agent and the proxy of a machine', { machine: name })
    const runtime = await startMachineRuntime({
      engine,
      host,
      machine: ready,
      region: cluster.spec.region,
      serviceCIDR,
      isAnswering: () => isAnswering(name),
    })
    this.#running.set(name, { runtime, fingerprint })
  }

  async #end(name: string): Promise<void> {
    const running = this.#running.get(name)
    if (running === undefined) return
    this.#running.delete(name)
    await running.runtime.stop()
  }
}
