// Pods that wait for a place: those ready to be tried by priority, those that rest after a failure,
// and those parked until something changes that could help them.
import { backoffDelayMs } from '#base/backoff.ts'
import type { Clock, Timer } from '#base/clock.ts'
import { Heap } from '#base/heap.ts'
import type { Random } from '#base/random.ts'
import { limits } from './limits.ts'

export interface PendingPod {
  key: string
  uid: string
  priority: number
}

interface Entry extends PendingPod {
  /** Order of arrival: of equal priority, the first comes first. */
  sequence: number
  attempts: number
  triedAtMs: number
  state: 'ready' | 'trying' | 'resting' | 'parked'
  /** For parked pods: the filters that refused it, of which one must change its mind. */
  refusedBy: ReadonlySet<string>
  timer: Timer | undefined
}

export interface PendingQueueOptions {
  clock: Clock
  random: Random
  /** Called when a pod became ready. */
  onReady: () => void
}

export class PendingQueue {
  readonly #options: PendingQueueOptions
  readonly #entries = new Map<string, Entry>()
  readonly #parked = new Set<Entry>()
  /** May hold entries that are no longer ready or no longer known; `pop` passes over them. */
  readonly #ready = new Heap<Entry>(
    (a, b) => a.priority > b.priority || (a.priority === b.priority && a.sequence < b.sequence),
  )
  #sequence = 0

  constructor(options: PendingQueueOptions) {
    this.#options = options
  }

  get size(): number {
    return this.#entries.size
  }

  /** A pod without a node was seen. One that waits already keeps its turn. */
  add(pod: PendingPod): void {
    const known = this.#entries.get(pod.key)
    if (known?.uid === pod.uid) return
    this.remove(pod.key)
    if (this.#entries.size >= limits.pendingPodsMax)
      throw new RangeError(`${this.#entries.size} pods wait for a place already`)
    const entry: Entry = {
      ...pod,
      sequence: this.#sequence++,
      attempts: 0,
      triedAtMs: 0,
      state: 'ready',
      refusedBy: new Set(),
      timer: undefined,
    }
    this.#entries.set(pod.key, entry)
    this.#makeReady(entry)
  }

  remove(key: string): void {
    const entry = this.#entries.get(key)
    if (entry === undefined) return
    entry.timer?.cancel()
    this.#parked.delete(entry)
    this.#entries.delete(key)
  }

  /** The pod taken by `pop` needs no place any more; a successor of its name stays. */
  done(pod: PendingPod): void {
    if (this.#tried(pod)) this.remove(pod.key)
  }

  /** Takes the next pod to try; it stays known until `done`, `rest` or `park`. */
  pop(): PendingPod | undefined {
    for (let entry = this.#ready.pop(); entry !== undefined; entry = this.#ready.pop()) {
      if (entry.state !== 'ready' || this.#entries.get(entry.key) !== entry) continue
      entry.state = 'trying'
      entry.attempts++
      entry.triedAtMs = this.#options.clock.monotonic()
      return { key: entry.key, uid: entry.uid, priority: entry.priority }
    }
    return undefined
  }

  /** The attempt failed for a reason that may pass by itself. */
  rest(pod: PendingPod): void {
    const entry = this.#tried(pod)
    if (entry) this.#restOrReady(entry)
  }

  /** No node takes the pod: it waits for a change. */
  park(pod: PendingPod, refusedBy: ReadonlySet<string>): void {
    const entry = this.#tried(pod)
    if (entry === undefined) return
    entry.state = 'parked'
    entry.refusedBy = refusedBy
    this.#parked.add(entry)
    entry.timer = this.#options.clock.after(limits.parkedMaxMs, () => this.#makeReady(entry))
  }

  /** The pod itself has changed, or what was kept for it: a parked one is worth another try. */
  retry(key: string): void {
    const entry = this.#entries.get(key)
    if (entry?.state === 'parked') this.#restOrReady(entry)
  }

  /** Something changed that may turn the refusals of `filters`, or any when not given. */
  retryParked(filters?: readonly string[]): void {
    for (const entry of this.#parked) {
      // A pod refused for want of any node has no filter against it.
      const isHelped =
        filters === undefined ||
        entry.refusedBy.size === 0 ||
        filters.some((filter) => entry.refusedBy.has(filter))
      if (isHelped) this.#restOrReady(entry)
    }
  }

  /** Cancels every timer. */
  stop(): void {
    for (const key of this.#entries.keys()) this.remove(key)
  }

  #tried({ key, uid }: PendingPod): Entry | undefined {
    const entry = this.#entries.get(key)
    return entry?.uid === uid && entry.state === 'trying' ? entry : undefined
  }

  #restOrReady(entry: Entry): void {
    entry.timer?.cancel()
    this.#parked.delete(entry)
    const { clock, random } = this.#options
    const delayMs = backoffDelayMs(limits.attemptBackoff, entry.attempts - 1, random)
    const restMs = entry.triedAtMs + delayMs - clock.monotonic()
    if (restMs <= 0) return this.#makeReady(entry)
    entry.state = 'resting'
    entry.timer = clock.after(restMs, () => this.#makeReady(entry))
  }

  #makeReady(entry: Entry): void {
    entry.timer?.cancel()
    this.#parked.delete(entry)
    entry.timer = undefined
    entry.state = 'ready'
    this.#ready.push(entry)
    this.#options.onReady()
  }
}
