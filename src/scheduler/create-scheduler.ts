// The loop around placement: takes the next pending pod, asks for a node, binds it there.
import type { Clock } from '#base/clock.ts'
import { describeError, type Logger } from '#base/log.ts'
import type { Random } from '#base/random.ts'
import type { EventRecorder } from '#client/event-recorder.ts'
import type { Client, Informer, InformerFactory } from '#client/types.ts'
import { withPreemption } from '#placement/explanation.ts'
import { type NoPlace, place } from '#placement/place.ts'
import { type Preemption, preempt } from '#placement/preempt.ts'
import { isPodFinished } from '#kinds/pod-status.ts'
import type { Namespace, Node, Pod } from '#kinds/k8s/core.ts'
import type { PodDisruptionBudget } from '#kinds/k8s/policy.ts'
import { conditionOf } from '#kinds/meta.ts'
import { keyOf } from '#kinds/object.ts'
import * as refs from '#kinds/refs.ts'
import { bind } from './binding.ts'
import { ClusterCache } from './cluster-cache.ts'
import { helpedBy, isNodeChanged, isPodChanged, turnedBy } from './helpful-changes.ts'
import { limits } from './limits.ts'
import { makeRoom } from './make-room.ts'
import { type PendingPod, PendingQueue } from './pending-queue.ts'
import { saysVerdict, type Verdict, writeVerdict } from './unschedulable.ts'

const DEFAULT_SCHEDULER = 'default-scheduler'

export interface SchedulerOptions {
  client: Client
  informers: InformerFactory
  clock: Clock
  random: Random
  log: Logger
  /** A recorder that names `default-scheduler` as its source. */
  recorder: EventRecorder
}

export interface Scheduler {
  /** Begins to place pods once pods and nodes are known. */
  start(): void
  /** Resolves when nothing of it runs any more. */
  stop(): Promise<void>
  /** Pods that wait for a place. */
  readonly pending: number
}

export function createScheduler(options: SchedulerOptions): Scheduler {
  return new SchedulerLoop(options)
}

/** Whether it is for us to find the pod a node. */
function awaitsPlace(pod: Pod): boolean {
  const { nodeName, schedulerName = DEFAULT_SCHEDULER, schedulingGates = [] } = pod.spec ?? {}
  if (nodeName || schedulerName !== DEFAULT_SCHEDULER || schedulingGates.length > 0) return false
  return pod.metadata.deletionTimestamp === undefined && !isPodFinished(pod)
}

class SchedulerLoop implements Scheduler {
  readonly #options: SchedulerOptions
  readonly #pods: Informer<Pod>
  readonly #nodes: Informer<Node>
  readonly #namespaces: Informer<Namespace>
  readonly #budgets: Informer<PodDisruptionBudget>
  readonly #cache = new ClusterCache()
  readonly #queue: PendingQueue
  readonly #abort = new AbortController()
  readonly #attempts = new Set<Promise<void>>()
  #isRunning = false
  #isTurnDue = false
  #startIndex = 0

  constructor(options: SchedulerOptions) {
    this.#options = options
    this.#queue = new PendingQueue({ ...options, onReady: () => this.#soon() })
    this.#pods = options.informers.informer(refs.pods)
    this.#nodes = options.informers.informer(refs.nodes)
    this.#namespaces = options.informers.informer(refs.namespaces)
    this.#budgets = options.informers.informer(refs.podDisruptionBudgets)
    this.#watchNamespaces()
    this.#watchNodes()
    this.#watchPods()
  }

  get pending(): number {
    return this.#queue.size
  }

  start(): void {
    const needed = [this.#pods, this.#nodes, this.#namespaces, this.#budgets]
    void Promise.all(needed.map(({ synced }) => synced)).then(() => {
      if (this.#abort.signal.aborted) return
      this.#isRunning = true
      this.#soon()
    })
  }

  async stop(): Promise<void> {
    this.#isRunning = false
    this.#abort.abort(new Error('the scheduler stops'))
    this.#queue.stop()
    await Promise.allSettled(this.#attempts)
  }

  #watchNamespaces(): void {
    const retry = () => this.#queue.retryParked(helpedBy.namespaceRelabelled)
    this.#namespaces.on({
      added: (namespace) => {
        this.#cache.namespaceSeen(namespace)
        retry()
      },
      updated: (namespace) => {
        this.#cache.namespaceSeen(namespace)
        retry()
      },
      deleted: ({ metadata }) => this.#cache.namespaceGone(metadata.name),
    })
  }

  #watchNodes(): void {
    this.#nodes.on({
      added: (node) => {
        this.#cache.nodeSeen(node)
        this.#queue.retryParked()
      },
      updated: (node, previous) => {
        this.#cache.nodeSeen(node)
        if (isNodeChanged(node, previous)) this.#queue.retryParked()
      },
      // Its domain may have been the emptiest one of a spread.
      deleted: (node) => {
        this.#cache.nodeGone(node.metadata.name)
        this.#queue.retryParked(helpedBy.podArrives)
      },
    })
  }

  #watchPods(): void {
    this.#pods.on({
      added: (pod) => this.#podSeen(pod),
      updated: (pod, previous) => {
        this.#podSeen(pod)
        if (!pod.spec?.nodeName) {
          if (isPodChanged(pod, previous)) this.#queue.retry(keyOf(pod))
          return
        }
        const turned = turnedBy(pod, previous)
        if (turned.length > 0) this.#queue.retryParked(turned)
      },
      deleted: (pod) => {
        const key = keyOf(pod)
        const { snapshot } = this.#cache
        const hadRoom = snapshot.pod(key) !== undefined || snapshot.nominationOf(key) !== undefined
        this.#cache.podGone(key)
        this.#queue.remove(key)
        if (hadRoom) this.#queue.retryParked(helpedBy.podLeaves)
      },
    })
  }

  #podSeen(pod: Pod): void {
    if (this.#abort.signal.aborted) return
    const isNew = this.#cache.snapshot.pod(keyOf(pod)) === undefined
    this.#cache.podSeen(pod)
    if (awaitsPlace(pod)) {
      if (this.#cache.isAssumed(pod)) return
      const { uid = '' } = pod.metadata
      this.#queue.add({ key: keyOf(pod), uid, priority: pod.spec?.priority ?? 0 })
    } else {
      this.#queue.remove(keyOf(pod))
      if (isNew && pod.spec?.nodeName) this.#queue.retryParked(helpedBy.podArrives)
    }
  }

  /** Asks for a turn after everything that is due now. */
  #soon(): void {
    if (this.#isTurnDue || !this.#isRunning) return
    this.#isTurnDue = true
    this.#options.clock.after(0, () => {
      this.#isTurnDue = false
      this.#turn()
    })
  }

  #turn(): void {
    for (let tries = 0; tries < limits.attemptsPerTurn; tries++) {
      if (!this.#isRunning || this.#attempts.size >= limits.bindingsMax) return
      const next = this.#queue.pop()
      if (next === undefined) return
      this.#try(next)
    }
    this.#soon()
  }

  /** Decides at once, so that the next decision sees this one; what must be awaited comes after. */
  #try(pending: PendingPod): void {
    const pod = this.#pods.get(pending.key)
    if (pod?.metadata.uid !== pending.uid || !awaitsPlace(pod) || this.#cache.isAssumed(pod)) {
      this.#queue.done(pending)
      return
    }
    const { snapshot } = this.#cache
    const nominated = snapshot.nominationOf(pending.key)
    const placement = place(snapshot, pod, { startIndex: this.#startIndex, nominated })
    this.#startIndex += placement.examined
    if (placement.type === 'node') {
      this.#cache.assume(pod, placement.node)
      this.#track(pod, this.#bind(pending, pod, placement.node))
    } else this.#refused(pending, pod, placement)
  }

  #refused(pending: PendingPod, pod: Pod, placement: NoPlace): void {
    const preemption = preempt(this.#cache.snapshot, pod, placement, {
      budgets: this.#budgets.list(),
      startIndex: this.#startIndex,
    })
    if (preemption.type === 'room') {
      this.#cache.nominate(pod, preemption.node)
      this.#track(pod, this.#makeRoom({ pending, pod, placement, preemption }))
      return
    }
    if (preemption.isHopeless) this.#cache.nominate(pod, '')
    this.#queue.park(pending, filtersOf(placement))
    const { message, refusals } = placement
    const verdict = {
      // Without a node there is nobody to make room.
      message: refusals.length === 0 ? message : withPreemption(message, preemption.message),
      nominatedNodeName: this.#cache.snapshot.nominationOf(pending.key),
    }
    if (!saysVerdict(pod, verdict)) this.#track(pod, this.#tell(pod, verdict))
  }

  /** Follows what goes on beside the loop; a free place among the attempts is a reason for a turn. */
  #track(pod: Pod, work: Promise<void>): void {
    const attempt = work
      .catch((error: unknown) => {
        if (this.#abort.signal.aborted) return
        this.#options.log.warn('an attempt to schedule failed', { pod: keyOf(pod), error })
      })
      .finally(() => {
        this.#attempts.delete(attempt)
        this.#soon()
      })
    this.#attempts.add(attempt)
  }

  async #bind(pending: PendingPod, pod: Pod, node: string): Promise<void> {
    const { client, clock, random, recorder } = this.#options
    const { signal } = this.#abort
    const outcome = await bind({ client, clock, random, signal }, pod, node)
    switch (outcome.type) {
      case 'bound': {
        this.#queue.done(pending)
        const message = `Successfully assigned ${keyOf(pod)} to ${node}`
        recorder.event(pod, { type: 'Normal', reason: 'Scheduled', action: 'Binding', message })
        return
      }
      case 'found':
        this.#queue.done(pending)
        // The informer may have heard of its end already.
        if (this.#cache.isAssumed(pod)) this.#cache.podSeen(outcome.pod)
        return
      case 'gone':
        // The informer says so too, sooner or later; the node has the room now.
        this.#cache.forget(pod)
        this.#queue.done(pending)
        this.#queue.retryParked(helpedBy.podLeaves)
        return
      case 'failed': {
        this.#cache.forget(pod)
        this.#queue.rest(pending)
        this.#queue.retryParked(helpedBy.podLeaves)
        const message = `binding rejected: ${describeError(outcome.error)}`
        recorder.event(pod, {
          type: 'Warning',
          reason: 'FailedScheduling',
          action: 'Scheduling',
          message,
        })
      }
    }
  }

  /** The pod is not tried again before those that make room for it were asked to. */
  async #makeRoom({ pending, pod, placement, preemption }: RoomMaking): Promise<void> {
    const { node, victims, displaced } = preemption
    try {
      await this.#tell(pod, { message: placement.message, nominatedNodeName: node })
      for (const other of displaced) await this.#displace(other)
      await makeRoom(this.#options, { pod, victims, node })
    } catch (error) {
      this.#cache.nominate(pod, '')
      this.#queue.rest(pending)
      throw error
    }
    const areGone = victims.every((victim) => {
      const now = this.#cache.snapshot.pod(keyOf(victim))
      return now?.metadata.uid !== victim.metadata.uid
    })
    if (areGone) this.#queue.rest(pending)
    else this.#queue.park(pending, filtersOf(placement))
  }

  /** Room that was kept for the pod goes to one of higher priority: it looks for another place. */
  async #displace(pod: Pod): Promise<void> {
    const now = this.#pods.get(keyOf(pod))
    if (now === undefined || now.metadata.uid !== pod.metadata.uid || now.spec?.nodeName) return
    this.#cache.nominate(now, '')
    this.#queue.retry(keyOf(now))
    const message = conditionOf(now.status?.conditions, 'PodScheduled')?.message ?? ''
    await writeVerdict(this.#options, now, { message, nominatedNodeName: undefined })
  }

  async #tell(pod: Pod, verdict: Verdict): Promise<void> {
    const { recorder } = this.#options
    const { message } = verdict
    recorder.event(pod, {
      type: 'Warning',
      reason: 'FailedScheduling',
      action: 'Scheduling',
      message,
    })
    await writeVerdict(this.#options, pod, verdict)
  }
}

interface RoomMaking {
  pending: PendingPod
  pod: Pod
  placement: NoPlace
  preemption: Preemption & { type: 'room' }
}

function filtersOf({ refusals }: NoPlace): ReadonlySet<string> {
  return new Set(refusals.map(({ refusal }) => refusal.filter))
}
