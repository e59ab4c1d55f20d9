// The lines of `ccs up`: one a phase, with the time it took, and what was seen to work.
import { describeError } from '#base/log.ts'
import type { Clock, Timer } from '#base/clock.ts'
import { EXIT, Failure } from './failure.ts'

export interface PhaseContext {
  clock: Clock
  say: (line: string) => void
}

/** Longest time for what has no shorter limit of its own: nothing may hang without a word. */
const BUDGET_MS = 120_000
/** A phase that takes longer than this says what it waits for, again and again. */
const LIVE_MS = 5_000

const NAME_WIDTH = 12

/** What a phase waits for at the moment, for people. */
export type Note = (what: string) => void

const inSeconds = (ms: number, digits: number) => `${(ms / 1000).toFixed(digits)} s`

/**
 * Runs `work` and prints "name  what was seen  (0.42 s)"; a failure is printed under the same name. While it takes its time,
 * a line every few seconds says what it waits for; after `budgetMs` it fails.
 */
export async function phase(
  context: PhaseContext,
  name: string,
  work: (note: Note) => Promise<string>,
  { budgetMs = BUDGET_MS }: { budgetMs?: number } = {},
): Promise<void> {
  const { clock, say } = context
  const label = name.padEnd(NAME_WIDTH)
  const started = clock.now()
  const elapsedMs = () => clock.now() - started
  let waitsFor = ''
  let live: Timer
  const tell = () => {
    say(
      `${label} ... ${inSeconds(elapsedMs(), 0)}${waitsFor === '' ? '' : `, waiting for ${waitsFor}`}`,
    )
    live = clock.after(LIVE_MS, tell)
  }
  live = clock.after(LIVE_MS, tell)
  let budget: Timer | undefined
  const overdue = new Promise<never>((_, reject) => {
    budget = clock.after(budgetMs, () =>
      reject(
        new Failure(
          `${name} did not end within ${inSeconds(budgetMs, 0)}${waitsFor === '' ? '' : ` (waiting for ${waitsFor})`}`,
          EXIT.timeout,
        ),
      ),
    )
  })
  try {
    const seen = await Promise.race([work((what) => void (waitsFor = what)), overdue])
    say(`${label} ${seen} (${inSeconds(elapsedMs(), 2)})`)
  } catch (error) {
    say(`${label} failed after ${inSeconds(elapsedMs(), 2)}`)
    throw error
  } finally {
    live.cancel()
    budget?.cancel()
  }
}

const POLL_MS = 50

/**
 * Asks `probe` until it returns a value; undefined or an error means not yet. Fails after `timeoutMs` with what the last
 * probe said.
 */
export async function waitUntil<T>(options: {
  clock: Clock
  timeoutMs: number
  what: string
  probe: () => Promise<T | undefined>
  /** Called between tries; may throw to end the wait at once. */
  check?: () => void
  /** Told what is waited for, and what is in the way. */
  note?: Note
}): Promise<T> {
  const { clock, timeoutMs, what, probe, check, note } = options
  const deadline = clock.now() + timeoutMs
  let last: unknown
  const because = () => (last === undefined ? '' : `: ${describeError(last)}`)
  note?.(what)
  while (clock.now() < deadline) {
    try {
      const value = await probe()
      if (value !== undefined) return value
      last = undefined
    } catch (error) {
      last = error
    }
    note?.(`${what}${because()}`)
    check?.()
    await clock.sleep(POLL_MS)
  }
  throw new Failure(`${what} did not happen within ${timeoutMs / 1000} s${because()}`, EXIT.timeout)
}
