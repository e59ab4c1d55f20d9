// Notices nodes that went silent, says so on them and on their pods, and taints nodes by condition.
// A node lives as long as its Lease is renewed; what counts is when we saw it change, not its clock.
import { rfc3339 } from '#base/clock.ts'
import { isReason } from '#base/errors.ts'
import type { ReconcileResult } from '#base/work-queue.ts'
import type { EventRecorder } from '#client/event-recorder.ts'
import type { Informer } from '#client/types.ts'
import type { Lease } from '#kinds/k8s/coordination.ts'
import type { Node, Pod } from '#kinds/k8s/core.ts'
import { isPodReady } from '#kinds/pod-status.ts'
import { leases as leaseKind, nodes as nodeKind, pods as podKind } from '#kinds/refs.ts'
import type { Controller, ControllerContext } from './context.ts'
import { type KeyedController, keyedController } from './keyed-controller.ts'
import {
  type EvictionMode,
  isCalledSilent,
  planTaints,
  readyStatusOf,
  silentStatus,
} from './node-condition-plan.ts'
import { BY_NODE, nodeIndexer } from './pod-index.ts'
import { writeStatus } from './write-status.ts'

const LEASE_NAMESPACE = 'kube-node-lease'
const GRACE_MS_DEFAULT = 5_000
/** Between two nodes whose pods are evicted: a fault of many must not empty the cluster at once. */
const EVICTION_INTERVAL_MS = 1_000

export interface NodeLifecycleOptions {
  /** Silence after which a node is not to be counted on. */
  graceMs?: number
}

export function createNodeLifecycleController(
  context: ControllerContext,
  { graceMs = GRACE_MS_DEFAULT }: NodeLifecycleOptions = {},
): Controller {
  return new NodeLifecycleController(context, graceMs).queue
}

interface Heartbeat {
  uid: string | undefined
  renewTime: string | undefined
  seenAtMs: number
}

class NodeLifecycleController {
  readonly queue: KeyedController
  readonly #context: ControllerContext
  readonly #graceMs: number
  readonly #recorder: EventRecorder
  readonly #nodes: Informer<Node>
  readonly #leases: Informer<Lease>
  readonly #pods: Informer<Pod>
  readonly #heartbeats = new Map<string, Heartbeat>()
  #nextEvictionAtMs: number

  constructor(context: ControllerContext, graceMs: number) {
    const { informers } = context
    this.#context = context
    this.#graceMs = graceMs
    // After a start of the computer all machines start, and their pods with them: nothing to flee from.
    this.#nextEvictionAtMs = context.clock.monotonic() + graceMs
    this.#recorder = context.recorderFor('node-controller')
    this.#nodes = informers.informer(nodeKind)
    this.#leases = informers.informer(leaseKind)
    this.#pods = informers.informer(podKind, { indexers: nodeIndexer })
    this.queue = keyedController(context, {
      name: 'node-lifecycle',
      needs: [this.#nodes, this.#leases, this.#pods],
      reconcile: (key) => this.#reconcile(key),
      // One node at a time, so that the pace of evictions holds.
      workers: 1,
    })
    this.#watch()
  }

  #watch(): void {
    this.#nodes.on({
      added: ({ metadata }) => this.queue.add(metadata.name),
      updated: ({ metadata }) => this.queue.add(metadata.name),
      deleted: ({ metadata }) => this.#heartbeats.delete(metadata.name),
    })
    const renewed = ({ metadata }: Lease) => {
      if (metadata.namespace !== LEASE_NAMESPACE) return
      // A renewal of a node that was well changes nothing but when to look again.
      const node = this.#nodes.get(metadata.name)
      this.#beat(metadata.name)
      if (node && readyStatusOf(node) !== 'True') this.queue.add(metadata.name)
    }
    this.#leases.on({ added: renewed, updated: renewed })
    this.#pods.on({
      updated: (pod) => {
        const node = this.#nodes.get(pod.spec.nodeName ?? '')
        if (node && isPodReady(pod) && isCalledSilent(node)) this.queue.add(node.metadata.name)
      },
    })
  }

  /** Takes note of a renewal; the first look at a node counts as one. */
  #beat(name: string): Heartbeat {
    const uid = this.#nodes.get(name)?.metadata.uid
    const renewTime = this.#leases.get(`${LEASE_NAMESPACE}/${name}`)?.spec.renewTime
    const known = this.#heartbeats.get(name)
    if (known && known.uid === uid && known.renewTime === renewTime) return known
    const heartbeat = { uid, renewTime, seenAtMs: this.#context.clock.monotonic() }
    this.#heartbeats.set(name, heartbeat)
    return heartbeat
  }

  #silentAfterMs(name: string): number {
    return this.#beat(name).seenAtMs + this.#graceMs - this.#context.clock.monotonic()
  }

  async #reconcile(name: string): Promise<ReconcileResult> {
    const node = this.#nodes.get(name)
    if (!node) return
    const silentAfterMs = this.#silentAfterMs(name)
    const isSilent = silentAfterMs <= 0
    const current = isSilent ? await this.#markSilent(node) : node
    const putOff = await this.#taint(current)
    // Its agent says so too, and sooner than a lease runs out, when the machine does not answer.
    if (isCalledSilent(current)) await this.#markPodsNotReady(name)
    if (putOff) return { afterMs: EVICTION_INTERVAL_MS }
    return isSilent ? undefined : { afterMs: silentAfterMs }
  }

  async #markSilent(node: Node): Promise<Node> {
    const { client, clock } = this.#context
    const status = silentStatus(node, clock.now())
    if (!status) return node
    const { name } = node.metadata
    const message = `Node ${name} status is now: NodeNotReady`
    await writeStatus(client.resource(nodeKind), node, status)
    this.#recorder.event(node, { type: 'Normal', reason: 'NodeNotReady', message })
    return client.resource(nodeKind).get({ name })
  }

  #isLost(node: Node): boolean {
    return readyStatusOf(node) === 'Unknown' || this.#silentAfterMs(node.metadata.name) <= 0
  }

  #evictionMode(): EvictionMode {
    if (this.#nodes.list().every((node) => this.#isLost(node))) return 'never'
    return this.#context.clock.monotonic() < this.#nextEvictionAtMs ? 'later' : 'allowed'
  }

  /** Brings the taints up to date; true when one must wait for its turn. */
  async #taint(node: Node): Promise<boolean> {
    const { client, clock } = this.#context
    const mode = readyStatusOf(node) === 'True' ? 'allowed' : this.#evictionMode()
    const plan = planTaints(node, mode, clock.now())
    if (plan.changed) {
      await client
        .resource(nodeKind)
        .update({ ...node, spec: { ...node.spec, taints: plan.taints } })
      if (plan.evicts) this.#nextEvictionAtMs = clock.monotonic() + EVICTION_INTERVAL_MS
    }
    return plan.putOff
  }

  /** Nobody else can say it for them, and Services must not send to them. */
  async #markPodsNotReady(nodeName: string): Promise<void> {
    const ready = this.#pods.byIndex(BY_NODE, nodeName).filter(isPodReady)
    await Promise.all(ready.map((pod) => this.#markPodNotReady(pod)))
  }

  async #markPodNotReady(pod: Pod): Promise<void> {
    const lastTransitionTime = rfc3339(this.#context.clock.now())
    const conditions = (pod.status?.conditions ?? []).map((condition) =>
      condition.type === 'Ready'
        ? { ...condition, status: 'False', lastTransitionTime }
        : condition,
    )
    const { uid, resourceVersion } = pod.metadata
    try {
      await this.#context.client
        .resource(podKind)
        .patch(
          pod.metadata,
          { metadata: { uid, resourceVersion }, status: { conditions } },
          { subresource: 'status' },
        )
      const message = 'Node is not ready'
      this.#recorder.event(pod, { type: 'Warning', reason: 'NodeNotReady', message })
    } catch (error) {
      if (!isReason(error, 'NotFound')) throw error
    }
  }
}
