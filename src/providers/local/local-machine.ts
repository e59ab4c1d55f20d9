// One machine on this computer: what is made of its plan, kept for as long as the engine lives. Every
// step can be done again at any time, so that an engine that starts finds or repairs what it needs.
import { mkdirSync, rmSync, statfsSync } from 'node:fs'
import type { MachineTypeSpec } from '#kinds/ccs/machine-type.ts'
import { podsCgroup, systemCgroup } from '#linux/instance-names.ts'
import { stopMachineProcesses } from '#linux/machine-processes.ts'
import { unmountUnder } from '#linux/mounts.ts'
import { listNetworkNamespaces, networkNamespacePath } from '#linux/network-namespaces.ts'
import { ensureMachineDirectory } from './machine-directory.ts'
import { ensureMachineNetwork, removeMachineNetwork } from './machine-network.ts'
import { type MachinePlaces, machinePlaces } from './machine-places.ts'
import { MachineRuntime, type RuntimeState } from './machine-runtime.ts'
import { type MachineSize, sizeMachine } from './machine-size.ts'
import type { ClusterPlan, MachineAddresses } from './network-plan.ts'
import type { ProviderContext } from './provider-context.ts'

/** For what a drain leaves, such as pods of a daemon set. */
const PODS_GRACE_MS = 5_000

export class LocalMachine {
  readonly cluster: string
  readonly name: string
  readonly places: MachinePlaces
  readonly cgroup: string
  readonly netnsPath: string
  readonly runtime: MachineRuntime
  readonly #context: ProviderContext
  #isPrepared = false
  #appliedSize = ''

  constructor(
    context: ProviderContext,
    { cluster, name, onExit }: { cluster: string; name: string; onExit: () => void },
  ) {
    const { instance, names, tree, clock, random, log } = context
    this.#context = context
    this.cluster = cluster
    this.name = name
    this.places = machinePlaces(instance, cluster, name)
    this.cgroup = names.machineCgroup(cluster, name)
    this.netnsPath = networkNamespacePath(names.machineNamespace(cluster, name))
    const { places, cgroup, netnsPath } = this
    this.runtime = new MachineRuntime({
      places,
      tree,
      cgroup,
      netnsPath,
      clock,
      random,
      log: log.child({ machine: name }),
      onExit,
    })
  }

  get podsCgroup(): string {
    return podsCgroup(this.cgroup)
  }

  size(type: MachineTypeSpec): MachineSize {
    mkdirSync(this.places.directory, { recursive: true, mode: 0o711 })
    const { blocks, bsize } = statfsSync(this.places.directory)
    return sizeMachine(type, { sizeBytes: blocks * bsize })
  }

  /** Network, cgroups and files; does nothing once they stand. */
  async prepare(plan: ClusterPlan, addresses: MachineAddresses): Promise<void> {
    if (this.#isPrepared) return
    const { names, mtu, tree, registryCaPem, registryPort, clock } = this.#context
    tree.create(systemCgroup(this.cgroup))
    tree.create(this.podsCgroup)
    await Promise.all([
      ensureMachineNetwork({
        cluster: this.cluster,
        machine: this.name,
        plan,
        addresses,
        names,
        mtu,
      }),
      ensureMachineDirectory({
        places: this.places,
        plan,
        addresses,
        mtu,
        registryCaPem,
        registryPort,
        nowMs: clock.now(),
      }),
    ])
    this.#isPrepared = true
  }

  /** Something broke: the next `prepare` looks at everything again. */
  doubt(): void {
    this.#isPrepared = false
  }

  /** Throws MemoryInUseError when the machine holds more than the new size. */
  applySize(size: MachineSize): void {
    const key = JSON.stringify([size.machine, size.pods])
    if (key === this.#appliedSize) return
    const { tree } = this.#context
    const { cpuMillis, ...podsRest } = size.pods
    // Memory is refused at the pods before anything has changed; CPU may not grow beyond the machine's.
    tree.setLimits(this.podsCgroup, podsRest)
    tree.setLimits(this.cgroup, size.machine)
    tree.setLimits(this.podsCgroup, cpuMillis === undefined ? {} : { cpuMillis })
    this.#appliedSize = key
  }

  start(): Promise<RuntimeState> {
    return this.runtime.ensureRunning()
  }

  async stop(): Promise<void> {
    const { tree, clock } = this.#context
    this.runtime.forget()
    this.doubt()
    await stopMachineProcesses(
      { tree, cgroup: this.cgroup, runDir: this.places.runDir, clock },
      { podsGraceMs: PODS_GRACE_MS },
    )
  }

  /** Removes everything of the machine, its data too. */
  async remove(addresses: MachineAddresses | undefined): Promise<void> {
    const { names, tree } = this.#context
    await this.stop()
    const routerExists = listNetworkNamespaces().includes(names.routerNamespace(this.cluster))
    await removeMachineNetwork({
      cluster: this.cluster,
      machine: this.name,
      names,
      addresses,
      routerExists,
    })
    tree.remove(this.cgroup)
    for (const directory of [this.places.runDir, this.places.directory]) {
      // A volume mounted below must not be emptied with the directory.
      await unmountUnder(directory)
      rmSync(directory, { recursive: true, force: true })
    }
    this.#appliedSize = ''
  }
}
