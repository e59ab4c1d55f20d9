// The loop around placement: takes the next pending pod, asks for a node, binds it there.
import type { Clock } from '#base/clock.ts'
import { describeError, type Logger } from '#base/log.ts'
import type { Random } from '#base/random.ts'
import type { EventRecorder } from '#client/event-recorder.ts'
import type { Client, Informer, InformerFactory } from '#client/types.ts'
import { type Placement, place } from '#placement/place.ts'
import { isPodFinished } from '#kinds/pod-status.ts'
import type { Node, Pod } from '#kinds/k8s/core.ts'
import { keyOf } from '#kinds/object.ts'
import * as refs from '#kinds/refs.ts'
import { bind } from './binding.ts'
import { ClusterCache } from './cluster-cache.ts'
import { helpedBy, isLeaving, isNodeChanged } from './helpful-changes.ts'
import { limits } from './limits.ts'
import { type PendingPod, PendingQueue } from './pending-queue.ts'
import { saysUnschedulable, writeUnschedulable } from './unschedulable.ts'

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
    this.#watchNodes()
    this.#watchPods()
  }

  get pending(): number {
    return this.#queue.size
  }

  start(): void {
    void Promise.all([this.#pods.synced, this.#nodes.synced]).then(() => {
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
        if (isLeaving(pod, previous)) this.#queue.retryParked(helpedBy.podLeaves)
      },
      deleted: (pod) => {
        const key = keyOf(pod)
        const hadPlace = this.#cache.snapshot.pod(key) !== undefined
        this.#cache.podGone(key)
        this.#queue.remove(key)
        if (hadPlace) this.#queue.retryParked(helpedBy.podLeaves)
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
    const placement = place(this.#cache.snapshot, pod, { startIndex: this.#startIndex })
    this.#startIndex += placement.examined
    if (placement.type === 'node') {
      this.#cache.assume(pod, placement.node)
      this.#track(pod, this.#bind(pending, pod, placement.node))
    } else {
      this.#queue.park(pending, filtersOf(placement))
      if (!saysUnschedulable(pod, placement.message))
        this.#track(pod, this.#tellUnschedulable(pod, placement.message))
    }
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
        recorder.event(pod, { type: 'Normal', reason: 'Scheduled', message })
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
        recorder.event(pod, { type: 'Warning', reason: 'FailedScheduling', message })
      }
    }
  }

  async #tellUnschedulable(pod: Pod, message: string): Promise<void> {
    const { recorder } = this.#options
    recorder.event(pod, { type: 'Warning', reason: 'FailedScheduling', message })
    await writeUnschedulable(this.#options, pod, message)
  }
}

function filtersOf({ refusals }: Placement & { type: 'none' }): ReadonlySet<string> {
  return new Set([...refusals.values()].map(({ filter }) => filter))
}
