// Brings each machine of a local cluster to the power state that is wished for.
import { rfc3339 } from '#base/clock.ts'
import { describeError } from '#base/log.ts'
import { type ReconcileResult, WorkQueue } from '#base/work-queue.ts'
import type { Informer } from '#client/types.ts'
import { type Cluster, clusters } from '#kinds/ccs/cluster.ts'
import { type MachineType, machineTypes } from '#kinds/ccs/machine-type.ts'
import { DRAINED, type Machine, type MachineStatus, machines } from '#kinds/ccs/machine.ts'
import { MemoryInUseError } from '#linux/cgroup-limits.ts'
import { ensureRouter } from './cluster-router.ts'
import type { ClusterNetworks } from './cluster-networks.ts'
import { type ConditionText, isConditionTrue, withCondition } from './conditions.ts'
import { LocalMachine } from './local-machine.ts'
import { MachineAddressBook } from './machine-addresses.ts'
import type { MachineProber } from './machine-prober.ts'
import type { MachineSize } from './machine-size.ts'
import type { ClusterPlan, MachineAddresses } from './network-plan.ts'
import { deleteNode, setOutOfService } from './node-shutdown.ts'
import type { ProviderContext } from './provider-context.ts'
import { changedByOthers, setFinalizer, writeStatus } from './status-writer.ts'

const FINALIZER = 'ccs.dev/local-machine'
/** Machines worked on at once: starting one is mostly waiting. */
const WORKERS = 4
/** A machine that is silent for so long, though its containerd lives, gets its network made again. */
const REPAIR_AFTER_MS = 10_000
/** How soon to try again to shrink a machine that held too much memory. */
const RESIZE_RETRY_MS = 30_000

const READY = 'Ready'
const SIZED = 'Sized'

export class MachineController {
  readonly #context: ProviderContext
  readonly #networks: ClusterNetworks
  readonly #prober: MachineProber
  readonly #queue: WorkQueue
  readonly #clusters: Informer<Cluster>
  readonly #machines: Informer<Machine>
  readonly #types: Informer<MachineType>
  readonly #local = new Map<string, LocalMachine>()
  readonly #addresses = new MachineAddressBook()

  constructor(context: ProviderContext, networks: ClusterNetworks, prober: MachineProber) {
    this.#context = context
    this.#networks = networks
    this.#prober = prober
    const { informers, clock, random, log } = context
    this.#clusters = informers.informer(clusters)
    this.#machines = informers.informer(machines)
    this.#types = informers.informer(machineTypes)
    this.#queue = new WorkQueue({
      name: 'local-machine',
      reconcile: (name) => this.#reconcile(name),
      clock,
      random,
      log,
      workers: WORKERS,
    })
    this.#machines.on({
      added: ({ metadata }) => this.enqueue(metadata.name),
      updated: (machine, before) => {
        const wasDrained = isConditionTrue(before.status?.conditions, DRAINED)
        const isDrained = isConditionTrue(machine.status?.conditions, DRAINED)
        if (changedByOthers(machine, before) || wasDrained !== isDrained)
          this.enqueue(machine.metadata.name)
      },
    })
    const typeChanged = ({ metadata }: MachineType) =>
      this.#enqueueWhere(({ spec }) => spec.type === metadata.name)
    this.#types.on({ added: typeChanged, updated: typeChanged })
    networks.onReady((cluster) => this.#enqueueWhere(({ spec }) => spec.cluster === cluster))
  }

  start(): void {
    this.#queue.start()
  }

  stop(): Promise<void> {
    return this.#queue.stop()
  }

  enqueue(name: string): void {
    this.#queue.add(name)
  }

  #enqueueWhere(matches: (machine: Machine) => boolean): void {
    for (const machine of this.#machines.list().filter(matches)) this.enqueue(machine.metadata.name)
  }

  async #reconcile(name: string): Promise<ReconcileResult> {
    const machine = this.#machines.get(name)
    if (machine === undefined) return
    const isOurs = machine.metadata.finalizers?.includes(FINALIZER) ?? false
    if (machine.metadata.deletionTimestamp !== undefined)
      return isOurs ? this.#remove(machine) : undefined
    const { cluster } = machine.spec
    if (this.#clusters.get(cluster)?.spec.provider !== 'local')
      return this.#waitFor(machine, 'ClusterNotFound', `there is no local cluster '${cluster}'`)
    const plan = this.#networks.get(cluster)
    if (plan === undefined)
      return this.#waitFor(machine, 'ClusterNotReady', `cluster '${cluster}' has no network yet`)
    const type = this.#types.get(machine.spec.type)
    if (type === undefined)
      return this.#waitFor(machine, 'TypeNotFound', `there is no type '${machine.spec.type}'`)
    if (!isOurs)
      await setFinalizer(
        this.#context.hub,
        { kind: machines, name },
        { finalizer: FINALIZER, present: true },
      )
    const addresses = this.#addresses.take(plan, machine, this.#machines.list())
    const local = this.#localOf(machine)
    try {
      return machine.spec.power === 'Stopped'
        ? await this.#powerOff(machine, local)
        : await this.#powerOn(machine, { local, type, plan, addresses })
    } catch (error) {
      const phase = machine.status?.phase === 'Running' ? 'Running' : 'Failed'
      const message = describeError(error)
      await this.#setStatus(name, { phase }, [notReady('MachineFailed', message)])
      throw error
    }
  }

  #localOf(machine: Machine): LocalMachine {
    const { name } = machine.metadata
    let local = this.#local.get(name)
    if (local === undefined || local.cluster !== machine.spec.cluster) {
      local = new LocalMachine(this.#context, {
        cluster: machine.spec.cluster,
        name,
        onExit: () => this.enqueue(name),
      })
      this.#local.set(name, local)
    }
    return local
  }

  async #waitFor(machine: Machine, reason: string, message: string): Promise<void> {
    const phase = machine.status?.phase ?? 'Pending'
    // An engine that just started has not looked at the cluster yet; the machine runs all the same.
    if (phase === 'Running') return
    await this.#setStatus(machine.metadata.name, { phase }, [notReady(reason, message)])
  }

  async #powerOn(
    machine: Machine,
    given: {
      local: LocalMachine
      type: MachineType
      plan: ClusterPlan
      addresses: MachineAddresses
    },
  ): Promise<ReconcileResult> {
    const { local, type, plan, addresses } = given
    const { name } = machine.metadata
    const wasRunning = machine.status?.phase === 'Running'
    const size = local.size(type.spec)
    const places: Partial<MachineStatus> = {
      ...addresses,
      runtimeSocket: local.places.socket,
      networkNamespace: local.netnsPath,
      podsCgroup: local.podsCgroup,
      directory: local.places.directory,
    }
    // The addresses are stored before anything is made with them.
    if (!wasRunning) await this.#setStatus(name, { ...places, phase: 'Provisioning' }, [])
    if (this.#prober.silentMs(name) >= REPAIR_AFTER_MS) await this.#mendNetwork(local, plan)
    await local.prepare(plan, addresses)
    const sized = this.#applySize(local, size)
    const runtime = await local.start()
    if (runtime.state === 'waiting') {
      const message = `containerd ended again and again; see ${local.places.log}`
      await this.#setStatus(name, {}, [notReady('RuntimeRestarting', message)])
      return { afterMs: runtime.afterMs }
    }
    this.#prober.watch({
      name,
      address: addresses.address,
      isRuntimeAlive: () => local.runtime.isAlive,
    })
    if (!wasRunning) await this.#setOutOfService(machine, false)
    const isSized = sized.status === 'True'
    const offered = isSized ? { capacity: size.capacity, allocatable: size.allocatable } : {}
    const ready: ConditionText = {
      type: READY,
      status: 'True',
      reason: 'RuntimeAnswers',
      message: '',
    }
    await this.#setStatus(name, { ...places, ...offered, phase: 'Running' }, [ready, sized])
    if (this.#prober.silentMs(name) > 0) return { afterMs: REPAIR_AFTER_MS }
    return isSized ? undefined : { afterMs: RESIZE_RETRY_MS }
  }

  /** Whatever took a link down or an address away: the plan says what must be there. */
  async #mendNetwork(local: LocalMachine, plan: ClusterPlan): Promise<void> {
    const { names, mtu, log } = this.#context
    const { cluster, name: machine } = local
    log.warn('a silent machine gets its network made again', { cluster, machine })
    await ensureRouter({ cluster, plan, names, mtu })
    local.doubt()
  }

  #applySize(local: LocalMachine, size: MachineSize): ConditionText {
    try {
      local.applySize(size)
      return { type: SIZED, status: 'True', reason: 'LimitsSet', message: '' }
    } catch (error) {
      if (!(error instanceof MemoryInUseError)) throw error
      return { type: SIZED, status: 'False', reason: 'MemoryInUse', message: error.message }
    }
  }

  async #powerOff(machine: Machine, local: LocalMachine): Promise<ReconcileResult> {
    const { name } = machine.metadata
    const { status } = machine
    // The platform empties a running machine first and says so.
    if (status?.phase === 'Running' && !isConditionTrue(status.conditions, DRAINED)) return
    const isOff = this.#context.tree.processes(local.cgroup).length === 0
    if (status?.phase === 'Stopped' && isOff) return
    await this.#setStatus(name, { phase: 'Stopping' }, [notReady('Stopping', '')])
    this.#prober.forget(name)
    await local.stop()
    await this.#setOutOfService(machine, true)
    await this.#setStatus(name, { phase: 'Stopped' }, [notReady('Stopped', '')])
  }

  async #setOutOfService(machine: Machine, isOutOfService: boolean): Promise<void> {
    const client = this.#context.clusterClient(machine.spec.cluster)
    if (client !== undefined) await setOutOfService(client, machine.metadata.name, isOutOfService)
  }

  async #remove(machine: Machine): Promise<void> {
    const { hub, clusterClient } = this.#context
    const { name } = machine.metadata
    const { cluster } = machine.spec
    await this.#setStatus(name, { phase: 'Deleting' }, [notReady('Deleting', '')])
    this.#prober.forget(name)
    const { address, podCIDR } = machine.status ?? {}
    const addresses =
      address === undefined || podCIDR === undefined ? undefined : { address, podCIDR }
    await this.#localOf(machine).remove(addresses)
    this.#local.delete(name)
    const client = clusterClient(cluster)
    if (client !== undefined) await deleteNode(client, name)
    this.#addresses.release(cluster, name)
    await setFinalizer(hub, { kind: machines, name }, { finalizer: FINALIZER, present: false })
  }

  #setStatus(
    name: string,
    changes: Partial<MachineStatus>,
    texts: readonly ConditionText[],
  ): Promise<void> {
    const { hub, clock } = this.#context
    const now = rfc3339(clock.now())
    return writeStatus(hub, { kind: machines, name }, (status) => {
      const begins = changes.phase === 'Provisioning' && status?.phase !== 'Provisioning'
      // A new start makes an old drain void.
      const kept = (status?.conditions ?? []).filter(({ type }) => !(begins && type === DRAINED))
      const conditions = texts.reduce((all, text) => withCondition(all, text, now), kept)
      return { phase: 'Pending' as const, ...status, ...changes, conditions }
    })
  }
}

const notReady = (reason: string, message: string): ConditionText => ({
  type: READY,
  status: 'False',
  reason,
  message,
})
