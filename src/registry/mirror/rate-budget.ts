// What an upstream lets us pull, by its own word: shared by who waits for an image and by scheduled work,
// which leaves a reserve. Docker Hub counts GETs of manifests, and says with each what is left.
import type { Clock } from '#base/clock.ts'
import { mirrorLimits } from './mirror-limits.ts'
import { UpstreamError } from './upstream-error.ts'

/** Scheduled work stops at the reserve; who waits for an image does not. */
export type Purpose = 'interactive' | 'scheduled'

export interface BudgetState {
  /** Nothing when the upstream counts nothing. */
  pulls?:
    | { limit: number; remaining: number; windowSeconds: number; observedAt: number }
    | undefined
  /** The upstream refuses until then: everything, or manifests only. Milliseconds since 1970. */
  refusedUntil?: number | undefined
  manifestsRefusedUntil?: number | undefined
}

export interface RateBudgetOptions {
  /** As messages name it. */
  host: string
  clock: Clock
  reservedPulls: number
  state?: BudgetState | undefined
  /** What is known has changed. */
  changed?: (state: BudgetState) => void
}

type Headers = Readonly<Record<string, string | undefined>>

export class RateBudget {
  readonly #options: RateBudgetOptions
  #state: BudgetState
  /** Pulls that were let go and whose answer is not there yet. */
  #underWay = 0

  constructor(options: RateBudgetOptions) {
    this.#options = options
    this.#state = options.state ?? {}
  }

  get state(): BudgetState {
    return this.#state
  }

  /** Throws `limited` while the upstream refuses everything. */
  checkAny(): void {
    this.#throwUntil(this.#state.refusedUntil)
  }

  /** Runs one pull. Throws `limited` without asking when it may not be made now. */
  async pull<Result>(purpose: Purpose, work: () => Promise<Result>): Promise<Result> {
    this.#throwUntil(this.#state.refusedUntil)
    this.#throwUntil(this.#state.manifestsRefusedUntil)
    if (purpose === 'scheduled') this.#throwUntil(this.#reserveFreeAt())
    this.#underWay++
    try {
      return await work()
    } finally {
      this.#underWay--
    }
  }

  /** How long scheduled work has to wait for its next pull. */
  scheduledWaitMs(): number {
    const { refusedUntil = 0, manifestsRefusedUntil = 0 } = this.#state
    const until = Math.max(refusedUntil, manifestsRefusedUntil, this.#reserveFreeAt() ?? 0)
    return Math.max(0, until - this.#options.clock.now())
  }

  /** Reads what an answer says of the allowance. Nothing said of it, nothing is counted. */
  observe(headers: Headers): void {
    const limit = parseRate(headers['ratelimit-limit'])
    const remaining = parseRate(headers['ratelimit-remaining'])
    if (limit === undefined || remaining === undefined) return
    const windowSeconds = remaining.windowSeconds ?? limit.windowSeconds
    if (windowSeconds === undefined) return
    const observedAt = this.#options.clock.now()
    const pulls = { limit: limit.count, remaining: remaining.count, windowSeconds, observedAt }
    this.#change({ ...this.#state, pulls })
  }

  /** The upstream answered 429; returns what to throw. */
  refused(what: 'all' | 'manifests', headers: Headers): UpstreamError {
    const now = this.#options.clock.now()
    const waitMs = parseRetryAfter(headers['retry-after'], now)
    this.#change({
      ...this.#state,
      [what === 'all' ? 'refusedUntil' : 'manifestsRefusedUntil']: now + waitMs,
    })
    return this.#limited(waitMs)
  }

  /** When the reserve is not in question; nothing when it is not now. */
  #reserveFreeAt(): number | undefined {
    const { pulls } = this.#state
    if (pulls === undefined) return undefined
    if (pulls.remaining - this.#underWay > this.#options.reservedPulls) return undefined
    return pulls.observedAt + pulls.windowSeconds * 1000
  }

  #throwUntil(until: number | undefined): void {
    const waitMs = (until ?? 0) - this.#options.clock.now()
    if (waitMs > 0) throw this.#limited(waitMs)
  }

  #limited(waitMs: number): UpstreamError {
    const seconds = Math.ceil(waitMs / 1000)
    return new UpstreamError(
      'limited',
      `${this.#options.host} lets no more pulls through for ${seconds} s: its limit is reached`,
      { retryAfterMs: waitMs },
    )
  }

  #change(state: BudgetState): void {
    this.#state = state
    this.#options.changed?.(state)
  }
}

const COUNT_MAX = 1_000_000_000
const WINDOW_SECONDS_MAX = 31 * 24 * 3600

/** "100;w=21600": how many, and in how many seconds. */
function parseRate(
  header: string | undefined,
): { count: number; windowSeconds: number | undefined } | undefined {
  const match = /^\s*(\d{1,12})\s*(?:;\s*w=(\d{1,9}))?\s*(?:[;,].*)?$/.exec(header ?? '')
  if (match === null) return undefined
  const window = match[2] === undefined ? undefined : Number(match[2])
  return {
    count: Math.min(COUNT_MAX, Number(match[1])),
    windowSeconds: window === undefined ? undefined : Math.min(WINDOW_SECONDS_MAX, window),
  }
}

/** Milliseconds that `Retry-After` asks for (RFC 9110 section 10.2.3): seconds, or a date. */
export function parseRetryAfter(header: string | undefined, now: number): number {
  const text = (header ?? '').trim()
  const wanted = /^\d{1,9}$/.test(text) ? Number(text) * 1000 : Date.parse(text) - now
  if (Number.isNaN(wanted)) return mirrorLimits.retryAfterMs
  return Math.min(mirrorLimits.retryAfterMsMax, Math.max(1_000, wanted))
}
