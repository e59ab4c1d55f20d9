// Runs the API and controllers of every cluster that the hub has a network plan for.
import { connect } from 'node:net'
import { rmSync } from 'node:fs'
import { WorkQueue } from '#base/work-queue.ts'
import { type Cluster, type ClusterStatus, clusters } from '#kinds/ccs/cluster.ts'
import type { Claims } from '#linux/claims.ts'
import type { AddressBook } from '#network/address-book.ts'
import { removeHostAddress } from './balancer-host.ts'
import { addToKubeconfig } from './api-access.ts'
import type { EngineContext } from './engine-context.ts'
import type { KubeconfigFile } from './kubeconfig-file.ts'
import type { LogicalClusterHost } from './logical-cluster-host.ts'
import { type MemberCluster, startMemberCluster } from './member-cluster.ts'
import { replacedFile } from '#storage/backup-file.ts'
import { clusterFile } from './storage-codec.ts'
import type { MemberRegistry } from './member-registry.ts'

export interface ClusterFleetOptions {
  engine: EngineContext
  hub: LogicalClusterHost
  members: MemberRegistry
  kubeconfig: KubeconfigFile
  book: AddressBook
  claims: Claims
  /** Socket of a machine's node agent, while it runs. */
  agentSocket: (machine: string) => string | undefined
  /** Called when a cluster began or ceased to be served. */
  changed: (cluster: string) => void
}

type Planned = ClusterStatus & Required<Pick<ClusterStatus, 'network' | 'gatewayAddress'>>

function plannedStatus(cluster: Cluster): Planned | undefined {
  const { status } = cluster
  return status?.network !== undefined && status.gatewayAddress !== undefined
    ? (status as Planned)
    : undefined
}

export class ClusterFleet {
  readonly #options: ClusterFleetOptions
  readonly #queue: WorkQueue
  readonly #running = new Map<string, MemberCluster>()

  constructor(options: ClusterFleetOptions) {
    this.#options = options
    const { clock, random, log } = options.engine
    this.#queue = new WorkQueue({
      name: 'cluster-fleet',
      reconcile: (name) => this.#reconcile(name),
      clock,
      random,
      log,
    })
    const changed = (cluster: Cluster) => this.#queue.add(cluster.metadata.name)
    options.hub.informers
      .informer(clusters)
      .on({ added: changed, updated: changed, deleted: changed })
  }

  start(): void {
    this.#queue.start()
  }

  get(cluster: string): MemberCluster | undefined {
    return this.#running.get(cluster)
  }

  hosts(): LogicalClusterHost[] {
    return [...this.#running.values()].map(({ host }) => host)
  }

  async stop(): Promise<void> {
    await this.#queue.stop()
    await Promise.all([...this.#running.values()].map((member) => member.stop()))
  }

  async #reconcile(name: string): Promise<void> {
    const cluster = this.#options.hub.informers.informer(clusters).get(name)
    if (cluster === undefined) return this.#remove(name)
    const status = plannedStatus(cluster)
    if (status === undefined) return
    const running = this.#running.get(name)
    if (running !== undefined) return running.setGateway(status.gatewayAddress)
    await this.#begin(name, status)
  }

  async #begin(name: string, status: Planned): Promise<void> {
    const { engine, members, kubeconfig, agentSocket, changed } = this.#options
    const member = await startMemberCluster({
      ...this.#options,
      name,
      status,
      dialNode: async (nodeName) => {
        const socket = agentSocket(nodeName)
        if (socket === undefined) throw new Error(`the agent of node ${nodeName} does not run`)
        return connect(socket)
      },
    })
    this.#running.set(name, member)
    await addToKubeconfig({
      ...engine,
      cluster: name,
      server: `https://127.0.0.1:${engine.instance.ports.api}/clusters/${name}`,
      kubeconfig,
    })
    members.add(name, member.host)
    changed(name)
    engine.log.info('serving cluster', { cluster: name })
  }

  /** The hub has forgotten the cluster: its provider has taken down all it stood on. */
  async #remove(name: string): Promise<void> {
    const { engine, members, kubeconfig, book, changed } = this.#options
    const member = this.#running.get(name)
    if (member === undefined) return
    members.remove(name)
    kubeconfig.remove(name)
    await member.stop()
    this.#running.delete(name)
    for (const key of book.keys().filter((held) => held.startsWith(`${name}/`))) {
      const holding = book.get(key)
      if (holding !== undefined) await removeHostAddress(holding.address)
      book.release(key)
    }
    const file = clusterFile(engine.paths.engine, name)
    for (const each of [file, replacedFile(file)])
      for (const suffix of ['', '-wal', '-shm']) rmSync(`${each}${suffix}`, { force: true })
    changed(name)
  }
}
