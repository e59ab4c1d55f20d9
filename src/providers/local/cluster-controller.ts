// Makes the network of each local cluster: its block, its router, its fence on the host.
import { rfc3339 } from '#base/clock.ts'
import { describeError } from '#base/log.ts'
import { type ReconcileResult, WorkQueue } from '#base/work-queue.ts'
import type { Informer } from '#client/types.ts'
import { type Cluster, type ClusterStatus, clusters } from '#kinds/ccs/cluster.ts'
import { type Machine, machines } from '#kinds/ccs/machine.ts'
import { networkNamespacePath } from '#linux/network-namespaces.ts'
import type { ClusterNetworks } from './cluster-networks.ts'
import { ensureRouter, removeRouter } from './cluster-router.ts'
import { withCondition } from './conditions.ts'
import { type FencedCluster, renderHostTable } from './host-table.ts'
import { blockOfNetwork, type ClusterPlan, planCluster } from './network-plan.ts'
import type { ProviderContext } from './provider-context.ts'
import { changedByOthers, setFinalizer, writeStatus } from './status-writer.ts'

const FINALIZER = 'ccs.dev/local-cluster'
/** How soon to look again whether the machines of a cluster that goes are gone. */
const MACHINES_GONE_POLL_MS = 500

export class ClusterController {
  readonly #context: ProviderContext
  readonly #networks: ClusterNetworks
  readonly #queue: WorkQueue
  readonly #clusters: Informer<Cluster>
  readonly #machines: Informer<Machine>

  constructor(context: ProviderContext, networks: ClusterNetworks) {
    this.#context = context
    this.#networks = networks
    this.#clusters = context.informers.informer(clusters)
    this.#machines = context.informers.informer(machines)
    this.#queue = new WorkQueue({
      name: 'local-cluster',
      reconcile: (name) => this.#reconcile(name),
      clock: context.clock,
      random: context.random,
      log: context.log,
    })
    const enqueue = (cluster: Cluster) => this.#queue.add(cluster.metadata.name)
    this.#clusters.on({
      added: enqueue,
      updated: (cluster, before) => {
        if (changedByOthers(cluster, before)) enqueue(cluster)
      },
    })
  }

  /** Call after the informers have synced: the host's table must never lack a cluster that is there. */
  start(): void {
    this.#queue.start()
  }

  stop(): Promise<void> {
    return this.#queue.stop()
  }

  async #reconcile(name: string): Promise<ReconcileResult> {
    const cluster = this.#clusters.get(name)
    if (cluster === undefined || cluster.spec.provider !== 'local') return
    if (cluster.metadata.deletionTimestamp !== undefined) return this.#remove(cluster)
    const { hub } = this.#context
    if (!cluster.metadata.finalizers?.includes(FINALIZER))
      await setFinalizer(hub, { kind: clusters, name }, { finalizer: FINALIZER, present: true })
    try {
      await this.#ensure(cluster)
    } catch (error) {
      // A network that once stood is not taken down by a failed look at it.
      const phase = cluster.status?.phase === 'Ready' ? 'Ready' : 'Failed'
      await this.#setStatus(name, (status) => ({ ...status, phase }), {
        isReady: false,
        reason: 'NetworkFailed',
        message: describeError(error),
      })
      throw error
    }
  }

  async #ensure(cluster: Cluster): Promise<void> {
    const { claims, names, mtu, hub } = this.#context
    const { name } = cluster.metadata
    if (this.#networks.get(name) === undefined) {
      const wanted = cluster.spec.network ?? cluster.status?.network
      const claimed = await claims.claimCluster(name, wanted && blockOfNetwork(wanted))
      const plan = planCluster(claimed)
      // The fence first: a router without it would be open to the host.
      await this.#fence({ ...this.#plans(), [name]: plan })
      await ensureRouter({ cluster: name, plan, names, mtu })
      this.#networks.set(name, plan)
    }
    const plan = this.#networks.get(name)!
    if (cluster.spec.network === undefined)
      await hub.resource(clusters).patch({ name }, { spec: { network: plan.network } })
    const made: Partial<ClusterStatus> = {
      network: plan.network,
      gatewayAddress: plan.gatewayAddress,
      dnsAddress: plan.dnsAddress,
      routerNamespace: networkNamespacePath(names.routerNamespace(name)),
    }
    await this.#setStatus(name, (status) => ({ ...status, ...made, phase: 'Ready' }), {
      isReady: true,
      reason: 'NetworkReady',
      message: '',
    })
  }

  /** Of all clusters that have a network, whether this engine has looked at them yet or not. */
  #plans(): Record<string, ClusterPlan> {
    const plans: Record<string, ClusterPlan> = {}
    for (const { metadata, status } of this.#clusters.list()) {
      const plan =
        this.#networks.get(metadata.name) ??
        (status?.network && planCluster(blockOfNetwork(status.network)))
      if (plan !== undefined) plans[metadata.name] = plan
    }
    return plans
  }

  async #fence(plans: Record<string, ClusterPlan>): Promise<void> {
    const { names, hostNft } = this.#context
    const fenced: FencedCluster[] = Object.values(plans).map((plan) => ({
      uplink: names.uplink(plan.blockNumber),
      plan,
    }))
    await hostNft.apply(renderHostTable(names.table, fenced))
  }

  async #remove(cluster: Cluster): Promise<ReconcileResult> {
    const { hub, names, claims } = this.#context
    const { name } = cluster.metadata
    if (!cluster.metadata.finalizers?.includes(FINALIZER)) return
    const left = this.#machines.list().filter(({ spec }) => spec.cluster === name)
    if (left.length > 0) {
      const going = left.filter(({ metadata }) => metadata.deletionTimestamp === undefined)
      await Promise.all(
        going.map(({ metadata }) => hub.resource(machines).delete({ name: metadata.name })),
      )
      return { afterMs: MACHINES_GONE_POLL_MS }
    }
    const plans = this.#plans()
    await removeRouter({ cluster: name, names, plan: plans[name] })
    this.#networks.delete(name)
    const { [name]: _, ...others } = plans
    await this.#fence(others)
    await claims.releaseCluster(name)
    await setFinalizer(hub, { kind: clusters, name }, { finalizer: FINALIZER, present: false })
  }

  #setStatus(
    name: string,
    edit: (status: ClusterStatus) => ClusterStatus,
    ready: { isReady: boolean; reason: string; message: string },
  ): Promise<void> {
    const { hub, clock } = this.#context
    const now = rfc3339(clock.now())
    const { isReady, reason, message } = ready
    return writeStatus(hub, { kind: clusters, name }, (status) => ({
      ...edit(status ?? { phase: 'Pending' }),
      conditions: withCondition(
        status?.conditions,
        { type: 'Ready', status: isReady ? 'True' : 'False', reason, message },
        now,
      ),
    }))
  }
}
