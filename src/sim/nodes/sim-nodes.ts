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
import { isPodFinished } from '#kinds/pod-status.ts'
import * as refs from '#kinds/refs.ts'
import type { Outages } from './outages.ts'
import { PodAddresses } from './pod-addresses.ts'
import {
  type Disturbance,
  disturbances,
  nextStage,
  type PodStage,
  pullFailed,
  stageKey,
  START,
} from './pod-stages.ts'

const LEASE_NAMESPACE = 'kube-node-lease'
const LEASE_SECONDS = 40

export interface SimNodesOptions {
  client: Client
  informers: InformerFactory
  clock: Clock
  random: Random
  log: Logger
  /** As they register; each has a `podCIDR`. */
  nodes: readonly Node[]
  outages: Outages
  heartbeatMs: number
  /** Whether this pull of an image fails. */
  pullFails?: (pod: Pod) => boolean
  /** How far the clock of a node is off. */
  skewMs?: (node: string) => number
}

export class SimNodes {
  readonly #options: SimNodesOptions
  readonly #pods: Informer<Pod>
  readonly #nodes: Informer<Node>
  readonly #podQueue: WorkQueue
  readonly #nodeQueue: WorkQueue
  /** When a pod gets to the end of its present stage, in monotonic time. */
  readonly #due = new Map<string, { stage: string; atMs: number }>()
  readonly #disturbed = new Map<string, Disturbance>()
  readonly #addresses: PodAddresses
  #forgetOutages: () => void = () => undefined

  constructor(options: SimNodesOptions) {
    this.#options = options
    this.#pods = options.informers.informer(refs.pods)
    this.#nodes = options.informers.informer(refs.nodes)
    this.#addresses = new PodAddresses(options.nodes)
    const { clock, random, log } = options
    this.#podQueue = new WorkQueue({
      name: 'simulated pods',
      reconcile: (key) => this.#stepPod(key),
      clock,
      random,
      log,
      workers: 4,
    })
    this.#nodeQueue = new WorkQueue({
      name: 'simulated nodes',
      reconcile: (name) => this.#report(name),
      clock,
      random,
      log,
      workers: options.nodes.length,
    })
    this.#pods.on({
      added: (pod) => this.#podQueue.add(keyOf(pod)),
      updated: (pod) => this.#podQueue.add(keyOf(pod)),
      deleted: (pod) => {
        this.#due.delete(keyOf(pod))
        this.#disturbed.delete(keyOf(pod))
      },
    })
  }

  start(): void {
    this.#forgetOutages = this.#options.outages.onBack((node) => this.#wake(node))
    void Promise.all([this.#pods.synced, this.#nodes.synced]).then(() => {
      this.#podQueue.start()
      this.#nodeQueue.start()
      for (const { metadata } of this.#options.nodes) this.#nodeQueue.add(metadata.name)
    })
  }

  async stop(): Promise<void> {
    this.#forgetOutages()
    await Promise.all([this.#podQueue.stop(), this.#nodeQueue.stop()])
  }

  /** Does this to the pod as soon as its node can. */
  disturb(podKey: string, how: Disturbance): void {
    this.#disturbed.set(podKey, how)
    this.#podQueue.add(podKey)
  }

  /** The node is told of its pods when it works again. */
  #wake(name: string): void {
    this.#nodeQueue.add(name)
    for (const pod of this.#pods.list())
      if (pod.spec.nodeName === name) this.#podQueue.add(keyOf(pod))
  }

  async #stepPod(key: string): Promise<ReconcileResult> {
    const { clock, outages } = this.#options
    const pod = this.#pods.get(key)
    if (!pod?.spec.nodeName || outages.isOut(pod.spec.nodeName)) return
    if (await this.#wasDisturbed(pod)) return
    const stage = nextStage(pod)
    if (stage === undefined) return
    const atMs = this.#dueAtMs(pod, stage)
    const restMs = atMs - clock.monotonic()
    if (restMs > 0) return { afterMs: restMs }
    // Whoever takes back what the node said is answered at the node's own pace.
    this.#due.delete(key)
    if (stage.act === 'delete') await this.#remove(pod)
    else await this.#write(pod, this.#pullFails(pod, stage) ? pullFailed : stage.act)
    // What was written comes back as an event; if that is lost, this looks again.
    return { afterMs: 60_000 }
  }

  #pullFails(pod: Pod, stage: PodStage): boolean {
    return stage.name === START && (this.#options.pullFails?.(pod) ?? false)
  }

  async #wasDisturbed(pod: Pod): Promise<boolean> {
    const how = this.#disturbed.get(keyOf(pod))
    this.#disturbed.delete(keyOf(pod))
    const isUp = pod.status?.containerStatuses?.some(({ state }) => state?.running !== undefined)
    if (how === undefined || !isUp || pod.metadata.deletionTimestamp !== undefined) return false
    // Somebody may have given it up while its containers still run.
    if (isPodFinished(pod)) return false
    await this.#write(pod, disturbances[how])
    return true
  }

  #dueAtMs(pod: Pod, stage: PodStage): number {
    const { clock, random } = this.#options
    const run = stageKey(pod, stage)
    const known = this.#due.get(keyOf(pod))
    if (known?.stage === run) return known.atMs
    const [least, most] = stage.delayMs(pod)
    const atMs = clock.monotonic() + Math.round(least + random.next() * (most - least))
    this.#due.set(keyOf(pod), { stage: run, atMs })
    return atMs
  }

  async #write(pod: Pod, act: (pod: Pod, nowMs: number) => PodStatus): Promise<void> {
    const { client, clock } = this.#options
    const status = act(pod, clock.now())
    try {
      await client
        .resource(refs.pods)
        .updateStatus({ ...pod, status: this.#addressed(pod, status) })
    } catch (error) {
      if (!isReason(error, 'NotFound')) throw error
    }
  }

  #addressed(pod: Pod, status: PodStatus): PodStatus {
    if (status.podIP !== undefined) return status
    const { node, taken } = { node: pod.spec.nodeName!, taken: this.#pods.list() }
    const hostIP = this.#addresses.hostOf(node)
    const podIP = pod.spec.hostNetwork ? hostIP : this.#addresses.take(pod, taken)
    return { ...status, hostIP, hostIPs: [{ ip: hostIP }], podIP, podIPs: [{ ip: podIP }] }
  }

  async #remove({ metadata }: Pod): Promise<void> {
    const { uid = '' } = metadata
    const options = { gracePeriodSeconds: 0, preconditions: { uid } }
    try {
      await this.#options.client.resource(refs.pods).delete(metadata, options)
    } catch (error) {
      // Gone, or another pod of the name has come.
      if (!isReason(error, 'NotFound') && !isReason(error, 'Conflict')) throw error
    }
  }

  async #report(name: string): Promise<ReconcileResult> {
    if (this.#options.outages.isOut(name)) return
    await this.#renewLease(name)
    const node = this.#nodes.get(name)
    if (node === undefined) await this.#register(name)
    else if (!isConditionTrue(node.status?.conditions, 'Ready')) await this.#reportReady(node)
    return { afterMs: this.#options.heartbeatMs }
  }

  async #register(name: string): Promise<void> {
    const node = this.#options.nodes.find(({ metadata }) => metadata.name === name)!
    try {
      await this.#options.client.resource(refs.nodes).create(node)
    } catch (error) {
      // Our copy lags behind.
      if (!isReason(error, 'AlreadyExists')) throw error
    }
  }

  #nowMs(node: string): number {
    return this.#options.clock.now() + (this.#options.skewMs?.(node) ?? 0)
  }

  async #renewLease(name: string): Promise<void> {
    const resource = this.#options.client.resource(refs.leases)
    const metadata = { namespace: LEASE_NAMESPACE, name }
    const renewTime = rfc3339Micro(this.#nowMs(name))
    try {
      await resource.patch(metadata, { spec: { renewTime } })
    } catch (error) {
      if (!isReason(error, 'NotFound')) throw error
      const spec = { holderIdentity: name, leaseDurationSeconds: LEASE_SECONDS, renewTime }
      await resource.create({ apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata, spec })
    }
  }

  async #reportReady(node: Node): Promise<void> {
    const { client } = this.#options
    const nowMs = this.#nowMs(node.metadata.name)
    const conditions = NODE_CONDITIONS.reduce(
      (list, condition) =>
        withCondition<NodeCondition>(
          list,
          { ...condition, lastHeartbeatTime: rfc3339(nowMs) },
          nowMs,
        ),
      node.status?.conditions ?? [],
    )
    await client
      .resource(refs.nodes)
      .updateStatus({ ...node, status: { ...node.status, conditions } })
  }
}

const NODE_CONDITIONS: readonly Omit<NodeCondition, 'lastTransitionTime'>[] = [
  {
    type: 'MemoryPressure',
    status: 'False',
    reason: 'KubeletHasSufficientMemory',
    message: 'kubelet has sufficient memory available',
  },
  {
    type: 'DiskPressure',
    status: 'False',
    reason: 'KubeletHasNoDiskPressure',
    message: 'kubelet has no disk pressure',
  },
  {
    type: 'PIDPressure',
    status: 'False',
    reason: 'KubeletHasSufficientPID',
    message: 'kubelet has sufficient PID available',
  },
  {
    type: 'Ready',
    status: 'True',
    reason: 'KubeletReady',
    message: 'the simulated node is ready',
  },
]
