// The lines of `ccs up`: one a phase, with the time it took, and what was seen to work.
import { describeError } from '#base/log.ts'
import type { Clock } from '#base/clock.ts'
import { EXIT, Failure } from './failure.ts'

export interface PhaseContext {
  clock: Clock
  say: (line: string) => void
}

const NAME_WIDTH = 12

/** Runs `work` and prints "name  what was seen  0.42s"; a failure is printed under the same name. */
export async function phase(
  context: PhaseContext,
  name: string,
  work: () => Promise<string>,
): Promise<void> {
  const started = context.clock.now()
  const seconds = () => `${((context.clock.now() - started) / 1000).toFixed(2)}s`
  try {
    const seen = await work()
    context.say(`${name.padEnd(NAME_WIDTH)} ${seen} (${seconds()})`)
  } catch (error) {
    context.say(`${name.padEnd(NAME_WIDTH)} failed after ${seconds()}`)
    throw error
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
}): Promise<T> {
  const { clock, timeoutMs, what, probe, check } = options
  const deadline = clock.now() + timeoutMs
  let last: unknown
  while (clock.now() < deadline) {
    try {
      const value = await probe()
      if (value !== undefined) return value
    } catch (error) {
      last = error
    }
    check?.()
    await clock.sleep(POLL_MS)
  }
  const because = last === undefined ? '' : `: ${describeError(last)}`
  throw new Failure(`${what} did not happen within ${timeoutMs / 1000} s${because}`, EXIT.timeout)
}
