// The clock: certificates, leases and back-offs go by it.
import { existsSync } from 'node:fs'
import { run } from '#linux/run.ts'
import { type Check, fail, type Finding, ok, warn } from './check.ts'

export interface ClockReadings {
  nowMs: number
  /** When the instance was made; undefined before that. */
  createdAtMs: number | undefined
  /** undefined where nobody knows. */
  isSynchronized: boolean | undefined
}

/** No computer that runs this can be older: what shows it has no battery, and was not told the time yet. */
const EARLIEST_MS = Date.UTC(2025, 0, 1)
/** Two computers may differ by so much before a certificate of one is not valid yet on the other. */
const TOLERATED_MS = 60_000

const mend =
  "set the clock ('timedatectl set-ntp true', or 'date -s'), then 'ccs down' and 'ccs up'"

export function judgeClock({ nowMs, createdAtMs, isSynchronized }: ClockReadings): Finding {
  const now = new Date(nowMs).toISOString()
  if (nowMs < EARLIEST_MS) return fail(`the clock says ${now}, which cannot be`, mend)
  if (createdAtMs !== undefined && nowMs < createdAtMs - TOLERATED_MS)
    return fail(
      `the clock says ${now}, before the instance was made (${new Date(createdAtMs).toISOString()}): its certificates are not valid yet`,
      mend,
    )
  if (isSynchronized === false)
    return warn(`the clock says ${now} and is not synchronized`, 'timedatectl set-ntp true')
  return ok(now)
}

async function readSynchronized(): Promise<boolean | undefined> {
  // Without systemd there is nobody to ask, and timedatectl would wait for an answer.
  if (!existsSync('/run/systemd/system')) return undefined
  const said = await run(['timedatectl', 'show', '-p', 'NTPSynchronized', '--value'])
  return said.trim() === 'yes'
}

export const clockCheck: Check<{ nowMs: number; createdAtMs: number | undefined }> = {
  name: 'clock',
  look: async ({ nowMs, createdAtMs }) => [
    judgeClock({ nowMs, createdAtMs, isSynchronized: await readSynchronized() }),
  ],
}
