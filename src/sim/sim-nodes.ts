// Nodes without machines: they report as kubelets do, and take their pods through the stages.
import { type Clock, rfc3339, rfc3339Micro } from '#base/clock.ts'
import { isReason } from '#base/errors.ts'
import type { Logger } from '#base/log.ts'
import type { Random } from '#base/random.ts'
import { type ReconcileResult, WorkQueue } from '#base/work-queue.ts'
import type { Client, InformerFactory } from '#client/types.ts'
import type { Node, NodeCondition, Pod } from '#kinds/k8s/core.ts'
import { isConditionTrue, withCondition } from '#kinds/meta.ts'
import { keyOf } from '#kinds/object.ts'
import * as refs from '#kinds/refs.ts'
import { nextStage, stageKey } from './pod-stages.ts'

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

export interface SimNodes {
  start(): void
  /** The node says and does nothing until it is woken. */
  silence(name: string): void
  wake(name: string): void
}

export function createSimNodes(options: SimNodesOptions): SimNodes {
  const { client, informers, clock, random, log } = options
  const pods = informers.informer(refs.pods)
  const nodes = informers.informer(refs.nodes)
  const silent = new Set<string>()
  /** When a pod gets to the end of its present stage. */
  const due = new Map<string, { stage: string; atMs: number }>()
  let addresses = 0

  const podQueue = new WorkQueue({ name: 'sim pods', reconcile: podStep, clock, random, log })
  const nodeQueue = new WorkQueue({ name: 'sim nodes', reconcile: heartbeat, clock, random, log })

  pods.on({
    added: (pod) => podQueue.add(keyOf(pod)),
    updated: (pod) => podQueue.add(keyOf(pod)),
    deleted: (pod) => void due.delete(keyOf(pod)),
  })

  async function podStep(key: string): Promise<ReconcileResult> {
    const pod = pods.get(key)
    // A node that is silent is told of its pods when it wakes.
    if (!pod?.spec.nodeName || silent.has(pod.spec.nodeName)) return
    const stage = nextStage(pod)
    if (stage === undefined) return
    const atMs = dueOf(pod, stageKey(pod, stage), stage.delayMs(pod))
    if (atMs > clock.now()) return { afterMs: atMs - clock.now() }
    try {
      if (stage.act === 'delete') await remove(pod)
      else await client.resource(refs.pods).updateStatus(withAddress(pod, stage.act))
    } catch (error) {
      if (!isReason(error, 'NotFound')) throw error
    }
  }

  function dueOf(pod: Pod, stage: string, [least, most]: readonly [number, number]): number {
    const known = due.get(keyOf(pod))
    if (known?.stage === stage) return known.atMs
    const atMs = clock.now() + Math.round(least + random.next() * (most - least))
    due.set(keyOf(pod), { stage, atMs })
    return atMs
  }

  function withAddress(pod: Pod, statusAt: (pod: Pod, nowMs: number) => Pod['status'] & {}): Pod {
    const status = statusAt(pod, clock.now())
    const podIP = status.podIP ?? `10.64.${(++addresses >> 8) & 255}.${addresses & 255}`
    return { ...pod, status: { ...status, podIP, podIPs: [{ ip: podIP }] } }
  }

  async function remove({ metadata }: Pod): Promise<void> {
    const { uid = '' } = metadata
    const options = { gracePeriodSeconds: 0, preconditions: { uid } }
    await client.resource(refs.pods).delete(metadata, options)
  }

  async function heartbeat(name: string): Promise<ReconcileResult> {
    if (silent.has(name)) return
    await renewLease(name)
    const node = nodes.get(name)
    if (node && !isConditionTrue(node.status?.conditions, 'Ready')) await reportReady(node)
    return { afterMs: HEARTBEAT_MS }
  }

  async function renewLease(name: string): Promise<void> {
    const resource = client.resource(refs.leases)
    const place = { namespace: LEASE_NAMESPACE, name }
    const renewTime = rfc3339Micro(clock.now())
    try {
      await resource.patch(place, { spec: { renewTime } })
    } catch (error) {
      if (!isReason(error, 'NotFound')) throw error
      const spec = { holderIdentity: name, leaseDurationSeconds: LEASE_SECONDS, renewTime }
      const metadata = place
      await resource.create({ apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata, spec })
    }
  }

  async function reportReady(node: Node): Promise<void> {
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

  return {
    start() {
      void Promise.all([pods.synced, nodes.synced]).then(() => {
        podQueue.start()
        nodeQueue.start()
        for (const { metadata } of options.nodes) nodeQueue.add(metadata.name)
      })
    },
    silence: (name) => void silent.add(name),
    wake(name) {
      silent.delete(name)
      nodeQueue.add(name)
      for (const pod of pods.list()) if (pod.spec.nodeName === name) podQueue.add(keyOf(pod))
    },
  }
}
