// What stands behind an instance on this computer, for tests that take it away.
import { readdirSync, readFileSync } from 'node:fs'
import { Resolver } from 'node:dns/promises'
import { isIPv4 } from 'node:net'
import path from 'node:path'
import { systemClock } from '#base/clock.ts'
import { silentLogger } from '#base/log.ts'
import { type CgroupTree, openCgroups } from '#linux/cgroups.ts'
import { parseCidr } from '#linux/cidr.ts'
import { blocksOf, CLAIMS_FILE, type ClaimsFile, type InstanceClaims } from '#linux/claims.ts'
import { instanceNames, podsCgroup } from '#linux/instance-names.ts'
import { ipBatch } from '#linux/links.ts'
import { findContainerd } from '#linux/machine-processes.ts'
import { argvOf } from '#linux/process-identity.ts'
import { purgeInstance } from '#linux/purge-instance.ts'
import { sendSignal } from '#linux/signal-process.ts'
import { instanceId, instancePaths } from '#setup/instance.ts'
import { findService, PROCESSES, type ProcessName } from '#setup/services.ts'
import type { Instance } from './instance.ts'

const CLUSTER = 'local'

export class BehindInstance {
  readonly id: string
  readonly dataDir: string
  readonly runDir: string
  readonly #tree: CgroupTree = openCgroups()

  constructor({ dataDir }: Instance) {
    this.id = instanceId(dataDir)
    this.dataDir = dataDir
    this.runDir = `/run/ccs/${this.id}`
  }

  get #names() {
    return instanceNames(this.id)
  }

  /** Words that stand in every trace of the instance: names, directories, addresses. Ask while it is claimed. */
  marks(): string[] {
    const blocks = blocksOf(this.#claims)
    const significant = (block: string) => {
      const { prefix } = parseCidr(block)
      return `${block
        .split('.')
        .slice(0, prefix / 8)
        .join('.')}.`
    }
    return [this.id, this.dataDir, ...blocks.map((block) => ` ${significant(block)}`)]
  }

  get #claims(): InstanceClaims {
    const claims = JSON.parse(readFileSync(CLAIMS_FILE, 'utf8')) as ClaimsFile
    return claims[this.id] ?? { dataDir: this.dataDir, clusters: {} }
  }

  /** The address blocks of its clusters. */
  clusterBlocks(): string[] {
    return Object.values(this.#claims.clusters)
  }

  /** Throws while it does not run. */
  pidOf(service: ProcessName): number {
    const found = findService(instancePaths(this.dataDir), service)
    if (found === undefined) throw new Error(`the ${service} does not run`)
    return found.pid
  }

  kill(...services: ProcessName[]): void {
    for (const service of services) sendSignal(this.pidOf(service), 'SIGKILL')
  }

  /** The lines of a process's log. */
  log(service: ProcessName): Record<string, unknown>[] {
    const text = readFileSync(path.join(this.dataDir, 'logs', `${service}.log`), 'utf8')
    return text
      .split('\n')
      .filter((line) => line.startsWith('{'))
      .map((line) => JSON.parse(line) as Record<string, unknown>)
  }

  /** Runs `work` while the supervisor looks at nothing. */
  async withoutSupervisor(work: () => Promise<void>): Promise<void> {
    const pid = this.pidOf('supervisor')
    sendSignal(pid, 'SIGSTOP')
    try {
      await work()
    } finally {
      sendSignal(pid, 'SIGCONT')
    }
  }

  killContainerd(machine: string): void {
    const found = findContainerd(this.#tree, this.#names.machineCgroup(CLUSTER, machine))
    if (found === undefined) throw new Error(`${machine} has no containerd`)
    sendSignal(found.pid, 'SIGKILL')
  }

  /** Everything of a machine at once, as when its power fails. */
  killMachine(machine: string): number {
    const pids = this.#tree.processes(this.#names.machineCgroup(CLUSTER, machine))
    for (const pid of pids) sendSignal(pid, 'SIGKILL')
    return pids.length
  }

  /** The web servers in a machine's containers. */
  killServers(machine: string): void {
    const pods = podsCgroup(this.#names.machineCgroup(CLUSTER, machine))
    for (const pid of this.#tree.processes(pods))
      if (argvOf(pid).includes('httpd')) sendSignal(pid, 'SIGKILL')
  }

  /** Cuts or mends the link between a machine and its router. */
  async setLink(address: string, state: 'up' | 'down'): Promise<void> {
    const namespace = this.#names.routerNamespace(CLUSTER)
    await ipBatch([`link set port${address.split('.').at(-1)} ${state}`], { namespace })
  }

  /** A power cut: all processes die at once, and what is not on disk is gone. */
  async cutPower(): Promise<void> {
    this.kill(...PROCESSES.toReversed())
    await this.#tree.kill(this.#names.cgroup, systemClock)
    const { id, dataDir, runDir } = this
    await purgeInstance({
      instance: { id, dataDir, runDir },
      clock: systemClock,
      log: silentLogger,
    })
  }

  async resolve(name: string): Promise<string[]> {
    const file = readFileSync(path.join(this.dataDir, 'instance.json'), 'utf8')
    const { ports } = JSON.parse(file) as { ports: { dns: number } }
    const resolver = new Resolver({ timeout: 500, tries: 1 })
    resolver.setServers([`127.0.0.1:${ports.dns}`])
    return resolver.resolve4(name)
  }

  /** How much there is of all that a pod leaves behind when it is not cleared away. */
  podRemains(machine: string): Record<string, number> {
    const run = path.join(this.runDir, CLUSTER, machine)
    const data = path.join(this.dataDir, 'clusters', CLUSTER, machine)
    const cri = path.join(run, 'state', 'io.containerd.grpc.v1.cri')
    const count = (directory: string) => readdirSync(directory).length
    const reservations = readdirSync(path.join(data, 'cni', 'reservations', 'pods'))
    const mounts = readFileSync('/proc/self/mounts', 'utf8').split('\n')
    return {
      'network namespaces': count(path.join(cri, 'netns')),
      sandboxes: count(path.join(cri, 'sandboxes')),
      tasks: count(path.join(run, 'state', 'io.containerd.runtime.v2.task', 'k8s.io')),
      addresses: reservations.filter((name) => isIPv4(name)).length,
      'pod directories': count(path.join(data, 'pods')),
      'log directories': count(path.join(data, 'logs', 'pods')),
      mounts: mounts.filter((line) => line.includes(`/${this.id}/${CLUSTER}/${machine}/`)).length,
      processes: this.#tree.processes(this.#names.machineCgroup(CLUSTER, machine)).length,
      cgroups: this.#countCgroups(podsCgroup(this.#names.machineCgroup(CLUSTER, machine))),
    }
  }

  #countCgroups(cgroup: string): number {
    return this.#tree
      .children(cgroup)
      .reduce((sum, child) => sum + 1 + this.#countCgroups(`${cgroup}/${child}`), 0)
  }

  /** What the engine holds of the kernel. */
  engineUse(): { residentMiB: number; descriptors: number } {
    const pid = this.pidOf('engine')
    const status = readFileSync(`/proc/${pid}/status`, 'utf8')
    const kib = Number(/VmRSS:\s+(\d+)/.exec(status)?.[1])
    return {
      residentMiB: Math.round(kib / 1024),
      descriptors: readdirSync(`/proc/${pid}/fd`).length,
    }
  }
}
