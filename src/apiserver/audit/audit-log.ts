// The audit log of all clusters of a process, as files of JSON lines: a queue for each, written in batches beside the
// requests. See docs/decisions/0053 for what happens when it cannot keep up.
import type { Clock, Timer } from '#base/clock.ts'
import { describeError, type Logger } from '#base/log.ts'
import { Periodic } from '#base/periodic.ts'
import type { AuditEvent } from '#kinds/k8s/audit.ts'
import { appendRotating, removeOld, type RotationLimits } from './append-rotating.ts'
import { auditLimits } from './audit-limits.ts'
import type { AuditSink } from './auditor.ts'

export interface AuditLogOptions {
  /** Made with the first event. */
  directory: string
  clock: Clock
  log: Logger
  limits?: Partial<RotationLimits & QueueLimits>
}

interface QueueLimits {
  flushBytes: number
  queueBytesMax: number
}

export interface AuditLog {
  /** Where the events of a cluster go: `<directory>/<cluster>.log`. */
  sinkOf(cluster: string): AuditSink
  /** What keeps events from the disk; empty when nothing does. */
  problems(): string[]
  /** Resolves when all that waits is written, or was tried to be. */
  flush(): Promise<void>
  /** The last flush; what comes after it is lost. */
  close(): Promise<void>
}

export function createAuditLog(options: AuditLogOptions): AuditLog {
  const state = new LogState(options)
  const queues = new Map<string, ClusterQueue>()
  const { directory, clock, log } = options
  const sweep = new Periodic({
    periodMs: auditLimits.sweepIntervalMs,
    clock,
    work: () => removeOld(directory, state.limits, clock.now()),
    failed: (error) => log.warn('old audit logs could not be removed', { directory, error }),
  })
  sweep.start()
  const flush = async (isLast: boolean) => {
    await Promise.all([...queues.values()].map((queue) => queue.drain({ isLast })))
  }
  return {
    sinkOf(cluster) {
      const queue = queues.get(cluster) ?? new ClusterQueue(cluster, options, state)
      queues.set(cluster, queue)
      return queue
    },
    problems: () => state.problems(),
    flush: () => flush(false),
    async close() {
      await sweep.stop()
      await flush(true)
      state.close()
    },
  }
}

/** What the queues of all clusters share: how much waits, and whether the disk takes it. */
class LogState {
  readonly limits: RotationLimits & QueueLimits
  readonly #options: AuditLogOptions
  #bytes = 0
  #dropped = 0
  /** Why the last write failed, until one succeeds. */
  #failure: string | undefined
  readonly #waiting = new Set<() => void>()

  constructor(options: AuditLogOptions) {
    this.#options = options
    this.limits = { ...auditLimits, ...options.limits }
  }

  problems(): string[] {
    const { directory } = this.#options
    const lost = this.#dropped === 0 ? '' : `; ${this.#dropped} are lost by now`
    return this.#failure === undefined
      ? []
      : [`audit events cannot be written to ${directory}: ${this.#failure}${lost}`]
  }

  /** Whether so many bytes more may wait; what finds no room is counted. */
  take(bytes: number): boolean {
    // Those that are answered by now are let in above the limit that new ones wait for.
    if (this.#bytes + bytes > 2 * this.limits.queueBytesMax) {
      this.#dropped++
      return false
    }
    this.#bytes += bytes
    return true
  }

  /** A disk that refuses is not waited for: the API goes on without its log, and says so. */
  room(): Promise<void> | undefined {
    if (this.#failure !== undefined || this.#bytes < this.limits.queueBytesMax) return undefined
    const { clock } = this.#options
    return new Promise((resolve) => {
      const done = () => {
        timer.cancel()
        this.#waiting.delete(done)
        resolve()
      }
      const timer: Timer = clock.after(auditLimits.roomWaitMs, done)
      this.#waiting.add(done)
    })
  }

  written(bytes: number): void {
    this.#bytes -= bytes
    if (this.#failure !== undefined || this.#dropped > 0)
      this.#options.log.warn('audit events are written again', { lost: this.#dropped })
    this.#failure = undefined
    this.#dropped = 0
    if (this.#bytes < this.limits.queueBytesMax) this.#wake()
  }

  failed(cluster: string, error: unknown): void {
    // Said once: it fails again every moment until somebody mends it.
    if (this.#failure === undefined)
      this.#options.log.error('audit events cannot be written; they are kept while there is room', {
        cluster,
        directory: this.#options.directory,
        error,
      })
    this.#failure = describeError(error)
    this.#wake()
  }

  close(): void {
    if (this.#bytes > 0 || this.#dropped > 0)
      this.#options.log.error('audit events are lost', {
        waitingBytes: this.#bytes,
        dropped: this.#dropped,
      })
    this.#wake()
  }

  #wake(): void {
    for (const done of this.#waiting) done()
  }
}

class ClusterQueue implements AuditSink {
  readonly #cluster: string
  readonly #options: AuditLogOptions
  readonly #state: LogState
  #lines: string[] = []
  /** UTF-16 units, which is near enough for a bound. */
  #length = 0
  #timer: Timer | undefined
  #writing: Promise<void> | undefined
  #isClosed = false

  constructor(cluster: string, options: AuditLogOptions, state: LogState) {
    this.#cluster = cluster
    this.#options = options
    this.#state = state
  }

  write(event: AuditEvent): void {
    const line = `${JSON.stringify(event)}\n`
    if (!this.#state.take(line.length)) return
    this.#lines.push(line)
    this.#length += line.length
    if (this.#writing !== undefined) return
    if (this.#length >= this.#state.limits.flushBytes) void this.#flush()
    else this.#later()
  }

  room(): Promise<void> | undefined {
    return this.#state.room()
  }

  /** One try at all that waits; with `isLast` nothing is tried after it. */
  async drain({ isLast }: { isLast: boolean }): Promise<void> {
    this.#isClosed ||= isLast
    await this.#writing
    await this.#flush()
  }

  #later(): void {
    if (this.#isClosed) return
    this.#timer ??= this.#options.clock.after(auditLimits.flushIntervalMs, () => void this.#flush())
  }

  #flush(): Promise<void> {
    this.#timer?.cancel()
    this.#timer = undefined
    this.#writing ??= this.#append().finally(() => {
      this.#writing = undefined
      // What came meanwhile, or what could not be written.
      if (this.#lines.length > 0) this.#later()
    })
    return this.#writing
  }

  async #append(): Promise<void> {
    const lines = this.#lines
    const length = this.#length
    if (length === 0) return
    this.#lines = []
    this.#length = 0
    const { directory, clock } = this.#options
    const place = { directory, name: this.#cluster }
    const { limits } = this.#state
    const bytes = Buffer.from(lines.join(''))
    try {
      await appendRotating(place, bytes, { limits, now: clock.now() })
      this.#state.written(length)
    } catch (error) {
      this.#lines = [...lines, ...this.#lines]
      this.#length += length
      this.#state.failed(this.#cluster, error)
    }
  }
}
