// Ends processes: first politely, then for sure.
import type { Clock } from '#base/clock.ts'
import { isAlive, type ProcessIdentity } from './process-identity.ts'

const POLL_MS = 20
/** How long the kernel may take to end a killed process before we call it stuck. */
const KILL_DEADLINE_MS = 10_000

/** Sends a signal; a process that is gone already is fine. */
export function sendSignal(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}

/** Whether `isOver` became true within `timeoutMs`. */
export async function waitUntil(
  isOver: () => boolean,
  timeoutMs: number,
  clock: Clock,
): Promise<boolean> {
  for (let waitedMs = 0; !isOver(); waitedMs += POLL_MS) {
    if (waitedMs >= timeoutMs) return false
    await clock.sleep(POLL_MS)
  }
  return true
}

/** Asks the process to end, and kills it after `graceMs`. Resolves when it is gone. */
export async function terminateProcess(
  identity: ProcessIdentity,
  options: { graceMs: number; clock: Clock },
): Promise<void> {
  const { graceMs, clock } = options
  const isGone = () => !isAlive(identity)
  if (isGone()) return
  sendSignal(identity.pid, 'SIGTERM')
  if (await waitUntil(isGone, graceMs, clock)) return
  sendSignal(identity.pid, 'SIGKILL')
  if (!(await waitUntil(isGone, KILL_DEADLINE_MS, clock)))
    throw new Error(`process ${identity.pid} is still there ${KILL_DEADLINE_MS} ms after SIGKILL`)
}
