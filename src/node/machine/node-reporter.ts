// Keeps the Node and its Lease in the API. The lease says that the machine answers and its runtime
// works; whoever watches it need not ask further.
import { type Clock, type Timer, rfc3339Micro } from '#base/clock.ts'
import { isReason } from '#base/errors.ts'
import type { Logger } from '#base/log.ts'
import type { Client } from '#client/types.ts'
import { retryOnConflict } from '#client/retry-on-conflict.ts'
import type { Lease } from '#kinds/k8s/coordination.ts'
import type { Node, NodeSystemInfo } from '#kinds/k8s/core.ts'
import { leases, nodes } from '#kinds/refs.ts'
import { nodeLimits } from '../limits.ts'
import type { NodeMachine } from './node-machine.ts'
import { newNode, nodeLabels, nodeStatus } from './node-object.ts'

export interface NodeReporterOptions {
  nodeName: string
  machine: NodeMachine
  client: Client
  clock: Clock
  log: Logger
  isMachineAnswering: () => boolean
  /** What is wrong with the runtime; undefined when it works. */
  runtimeProblem: () => string | undefined
  info: () => NodeSystemInfo
}

const LEASE_NAMESPACE = 'kube-node-lease'

export class NodeReporter {
  readonly #options: NodeReporterOptions
  #timer: Timer | undefined
  #started = false
  #stopped = false
  #lastStatusAtMs = Number.NEGATIVE_INFINITY
  #lastProblem: string | undefined
  /** The work under way: ticks never overlap. */
  #work: Promise<void> = Promise.resolve()
  #lease: Lease | undefined

  constructor(options: NodeReporterOptions) {
    this.#options = options
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

  /** The runtime went away or came back: the node's condition says so at once. */
  healthChanged(): void {
    if (this.#started) this.#enqueue(() => this.#writeNode())
  }

  #enqueue(task: () => Promise<void>): void {
    this.#work = this.#work.then(task).catch((error: unknown) => {
      this.#options.log.warn('the node could not be reported', { error })
    })
  }

  #tick(): void {
    if (this.#stopped) return
    this.#enqueue(() => this.#report())
    this.#timer = this.#options.clock.after(nodeLimits.leasePeriodMs, () => this.#tick())
  }

  async #report(): Promise<void> {
    const { clock, runtimeProblem, isMachineAnswering } = this.#options
    const problem = runtimeProblem()
    const due = clock.now() - this.#lastStatusAtMs >= nodeLimits.nodeStatusPeriodMs
    if (due || problem !== this.#lastProblem) await this.#writeNode()
    if (problem === undefined && isMachineAnswering()) await this.#renewLease()
  }

  async #writeNode(): Promise<void> {
    const { nodeName, machine, client, clock, info, runtimeProblem } = this.#options
    const resource = client.resource(nodes)
    const problem = runtimeProblem()
    await retryOnConflict(async () => {
      const node = await this.#registered()
      const status = nodeStatus(node.status, {
        name: nodeName,
        machine,
        info: info(),
        health: { problem },
        nowMs: clock.now(),
      })
      await resource.updateStatus({ ...node, status })
    })
    this.#lastStatusAtMs = clock.now()
    this.#lastProblem = problem
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
