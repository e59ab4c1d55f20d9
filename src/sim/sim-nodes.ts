// Nodes without machines: they report as kubelets do, and take their pods through the stages.
import { type Clock, rfc3339, rfc3339Micro } from '#base/clock.ts'
import { isReason } from '#base/errors.ts'
import type { Logger } from '#base/log.ts'
import type { Random } from '#base/random.ts'
import { type ReconcileResult, WorkQueue } from '#base/work-queue.ts'
import type { Client, Informer, InformerFactory } from '#client/types.ts'
import type { Node, NodeCondition, Pod, PodStatus } from '#kinds/k8s/core.ts'
import { isConditionTrue, withCondition } from '#kinds/meta.ts'
import { keyOf } from '#kinds/object.ts'
import * as refs from '#kinds/refs.ts'
import { nextStage, type PodStage, stageKey } from './pod-stages.ts'

const LEASE_NAMESPACE = 'kube-node-lease'
const LEASE_SECONDS = 40
const HEARTBEAT_MS = 10_000

export interface SimNodesOptions {
  client: Client
  informers: InformerFactory
  clock: Clock
  random: Random
  log: Logger
  nodes: readonly Node[]
}

export class SimNodes {
  readonly #options: SimNodesOptions
  readonly #pods: Informer<Pod>
  readonly #nodes: Informer<Node>
  readonly #podQueue: WorkQueue
  readonly #nodeQueue: WorkQueue
  readonly #silent = new Set<string>()
  /** When a pod gets to the end of its present stage. */
  readonly #due = new Map<string, { stage: string; atMs: number }>()
  #addresses = 0

  constructor(options: SimNodesOptions) {
    this.#options = options
    this.#pods = options.informers.informer(refs.pods)
    this.#nodes = options.informers.informer(refs.nodes)
    const { clock, random, log } = options
    this.#podQueue = new WorkQueue({
      name: 'simulated pods',
      reconcile: (key) => this.#stepPod(key),
      clock,
      random,
      log,
    })
    this.#nodeQueue = new WorkQueue({
      name: 'simulated nodes',
      reconcile: (name) => this.#report(name),
      clock,
      random,
      log,
    })
    this.#pods.on({
      added: (pod) => this.#podQueue.add(keyOf(pod)),
      updated: (pod) => this.#podQueue.add(keyOf(pod)),
      deleted: (pod) => void this.#due.delete(keyOf(pod)),
    })
  }

  start(): void {
    void Promise.all([this.#pods.synced, this.#nodes.synced]).then(() => {
      this.#podQueue.start()
      this.#nodeQueue.start()
      for (const { metadata } of this.#options.nodes) this.#nodeQueue.add(metadata.name)
    })
  }

  /** The node says and does nothing until it is woken. */
  silence(name: string): void {
    this.#silent.add(name)
  }

  wake(name: string): void {
    this.#silent.delete(name)
    this.#nodeQueue.add(name)
    for (const pod of this.#pods.list())
      if (pod.spec.nodeName === name) this.#podQueue.add(keyOf(pod))
  }

  async #stepPod(key: string): Promise<ReconcileResult> {
    const { client, clock } = this.#options
    const pod = this.#pods.get(key)
    // A node that is silent is told of its pods when it wakes.
    if (!pod?.spec.nodeName || this.#silent.has(pod.spec.nodeName)) return
    const stage = nextStage(pod)
    if (stage === undefined) return
    const atMs = this.#dueAtMs(pod, stage)
    if (atMs > clock.now()) return { afterMs: atMs - clock.now() }
    try {
      if (stage.act === 'delete') await this.#remove(pod)
      else await client.resource(refs.pods).updateStatus(this.#after(pod, stage.act))
    } catch (error) {
      if (!isReason(error, 'NotFound')) throw error
    }
  }

  #dueAtMs(pod: Pod, stage: PodStage): number {
    const { clock, random } = this.#options
    const run = stageKey(pod, stage)
    const known = this.#due.get(keyOf(pod))
    if (known?.stage === run) return known.atMs
    const [least, most] = stage.delayMs(pod)
    const atMs = clock.now() + Math.round(least + random.next() * (most - least))
    this.#due.set(keyOf(pod), { stage: run, atMs })
    return atMs
  }

  #after(pod: Pod, statusAt: (pod: Pod, nowMs: number) => PodStatus): Pod {
    const status = statusAt(pod, this.#options.clock.now())
    if (status.podIP !== undefined) return { ...pod, status }
    const number = ++this.#addresses
    const podIP = `10.64.${(number >> 8) & 255}.${number & 255}`
    return { ...pod, status: { ...status, podIP, podIPs: [{ ip: podIP }] } }
  }

  async #remove({ metadata }: Pod): Promise<void> {
    const { uid = '' } = metadata
    const options = { gracePeriodSeconds: 0, preconditions: { uid } }
    await this.#options.client.resource(refs.pods).delete(metadata, options)
  }

  async #report(name: string): Promise<ReconcileResult> {
    if (this.#silent.has(name)) return
    await this.#renewLease(name)
    const node = this.#nodes.get(name)
    if (node && !isConditionTrue(node.status?.conditions, 'Ready')) await this.#reportReady(node)
    return { afterMs: HEARTBEAT_MS }
  }

  async #renewLease(name: string): Promise<void> {
    const { client, clock } = this.#options
    const resource = client.resource(refs.leases)
    const metadata = { namespace: LEASE_NAMESPACE, name }
    const renewTime = rfc3339Micro(clock.now())
    try {
      await resource.patch(metadata, { spec: { renewTime } })
    } catch (error) {
      if (!isReason(error, 'NotFound')) throw error
      const spec = { holderIdentity: name, leaseDurationSeconds: LEASE_SECONDS, renewTime }
      await resource.create({ apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata, spec })
    }
  }

  async #reportReady(node: Node): Promise<void> {
    const { client, clock } = this.#options
    const ready = {
      type: 'Ready',
      status: 'True',
      reason: 'KubeletReady',
      message: 'the simulated node is ready',
      lastHeartbeatTime: rfc3339(clock.now()),
    }
    const conditions = withCondition<NodeCondition>(node.status?.conditions, ready, clock.now())
    const status = { ...node.status, conditions }
    await client.resource(refs.nodes).updateStatus({ ...node, status })
  }
}
