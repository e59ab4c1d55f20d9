// Keeps the Node and its Lease in the API. The lease says that the machine answers and its runtime
// works; whoever watches it need not ask further.
import { type Clock, type Timer, rfc3339Micro } from '#base/clock.ts'
import { isReason } from '#base/errors.ts'
import type { Logger } from '#base/log.ts'
import type { Client, Informer } from '#client/types.ts'
import { retryOnConflict } from '#client/retry-on-conflict.ts'
import type { Lease } from '#kinds/k8s/coordination.ts'
import type { Node, NodeSystemInfo } from '#kinds/k8s/core.ts'
import { conditionOf } from '#kinds/meta.ts'
import { leases, nodes } from '#kinds/refs.ts'
import { nodeLimits } from '../limits.ts'
import type { Reach } from './machine-reach.ts'
import type { NodeMachine } from './node-machine.ts'
import { type NodeHealth, newNode, nodeLabels, nodeStatus } from './node-object.ts'

export interface NodeReporterOptions {
  nodeName: string
  machine: NodeMachine
  client: Client
  /** Of this node only: shows what others say of it. */
  informer: Informer<Node>
  clock: Clock
  log: Logger
  reach: () => Reach
  /** What is wrong with the runtime; undefined when it works. */
  runtimeProblem: () => string | undefined
  info: () => NodeSystemInfo
}

const LEASE_NAMESPACE = 'kube-node-lease'

const isReady = (node: Node): boolean =>
  conditionOf(node.status?.conditions, 'Ready')?.status === 'True'

/** Of a node that is new to the API. */
const NOT_HEARD: NodeHealth = { state: 'failing', problem: 'the machine was not heard from yet' }

export class NodeReporter {
  readonly #options: NodeReporterOptions
  #timer: Timer | undefined
  #started = false
  #stopped = false
  #lastStatusAtMs = Number.NEGATIVE_INFINITY
  #lastHealth: string | undefined
  /** The work under way: ticks never overlap. */
  #work: Promise<void> = Promise.resolve()
  #lease: Lease | undefined

  constructor(options: NodeReporterOptions) {
    this.#options = options
    options.informer.on({
      updated: (node) => {
        // Whoever took the node for lost is told otherwise at once.
        if (!isReady(node)) void this.healthChanged()
      },
    })
  }

  /** Registers the node; resolves when the API has it with its first status. */
  async start(): Promise<void> {
    await this.#writeNode()
    this.#started = true
    // Health may have changed meanwhile; the first tick sees it.
    this.#tick()
  }

  async stop(): Promise<void> {
    this.#stopped = true
    this.#timer?.cancel()
    await this.#work
  }

  /** The runtime or the machine went away or came back: resolves when the API was told. */
  async healthChanged(): Promise<void> {
    if (this.#started) await this.#enqueue(() => this.#report())
  }

  #enqueue(task: () => Promise<void>): Promise<void> {
    this.#work = this.#work.then(task).catch((error: unknown) => {
      this.#options.log.warn('the node could not be reported', { error })
    })
    return this.#work
  }

  #tick(): void {
    if (this.#stopped) return
    void this.#enqueue(() => this.#report())
    this.#timer = this.#options.clock.after(nodeLimits.leasePeriodMs, () => this.#tick())
  }

  /** Undefined while nothing is known that the API should be told. */
  #health(): NodeHealth | undefined {
    const problem = this.#options.runtimeProblem()
    if (problem !== undefined) return { state: 'failing', problem }
    const reach = this.#options.reach()
    if (reach === 'unknown') return undefined
    return { state: reach === 'answering' ? 'ready' : 'unreachable' }
  }

  async #report(): Promise<void> {
    const { clock, informer, nodeName } = this.#options
    const health = this.#health()
    if (health === undefined) return
    const due = clock.now() - this.#lastStatusAtMs >= nodeLimits.nodeStatusPeriodMs
    const changed = JSON.stringify(health) !== this.#lastHealth
    const known = informer.get(nodeName)
    const isDoubted = health.state === 'ready' && known !== undefined && !isReady(known)
    // The lease first: to whoever judges by it, a node with an old one is lost whatever it says.
    if (health.state === 'ready') await this.#renewLease()
    if (due || changed || isDoubted) await this.#writeNode()
  }

  async #writeNode(): Promise<void> {
    const { nodeName, machine, client, clock, info } = this.#options
    const resource = client.resource(nodes)
    const health = this.#health()
    await retryOnConflict(async () => {
      const node = await this.#registered()
      const isNew = conditionOf(node.status?.conditions, 'Ready') === undefined
      const status = nodeStatus(node.status, {
        name: nodeName,
        machine,
        info: info(),
        health: health ?? (isNew ? NOT_HEARD : undefined),
        nowMs: clock.now(),
      })
      await resource.updateStatus({ ...node, status })
    })
    this.#lastStatusAtMs = clock.now()
    this.#lastHealth = JSON.stringify(health)
  }

  /** The Node with its labels and pod range, made where it is missing. */
  async #registered(): Promise<Node> {
    const { nodeName, machine, client, info } = this.#options
    const resource = client.resource(nodes)
    const { architecture } = info()
    const node = await resource.get({ name: nodeName }).catch((error: unknown) => {
      if (isReason(error, 'NotFound')) return undefined
      throw error
    })
    if (node === undefined) return resource.create(newNode(nodeName, machine, architecture))
    const labels = { ...node.metadata.labels, ...nodeLabels(nodeName, machine, architecture) }
    const same =
      node.spec.podCIDR === machine.podCIDR &&
      Object.entries(labels).every(([key, value]) => node.metadata.labels?.[key] === value)
    if (same) return node
    const spec = { ...node.spec, podCIDR: machine.podCIDR, podCIDRs: [machine.podCIDR] }
    return resource.update({ ...node, metadata: { ...node.metadata, labels }, spec })
  }

  async #renewLease(): Promise<void> {
    const { nodeName, client, clock } = this.#options
    const resource = client.resource(leases)
    const place = { namespace: LEASE_NAMESPACE, name: nodeName }
    const spec = {
      holderIdentity: nodeName,
      leaseDurationSeconds: nodeLimits.leaseDurationSeconds,
      renewTime: rfc3339Micro(clock.now()),
    }
    try {
      this.#lease ??= await resource.get(place)
      this.#lease = await resource.update({
        ...this.#lease,
        spec: { ...this.#lease.spec, ...spec },
      })
    } catch (error) {
      this.#lease = undefined
      if (!isReason(error, 'NotFound')) throw error
      const metadata = { ...place }
      const object = { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata, spec }
      this.#lease = await resource.create(object)
    }
  }
}
