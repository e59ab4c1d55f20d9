// Registry and edge look after the supervisor, as it looks after them: whichever of them is killed comes back. Where
// systemd runs the supervisor it has no record, and is left to systemd.
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Clock, Timer } from '#base/clock.ts'
import type { Logger } from '#base/log.ts'
import type { InstancePaths } from '#setup/instance.ts'
import { InstanceBusyError, withInstanceLock } from '#setup/instance-lock.ts'
import { ensureService, isRecordedDead, SUPERVISOR } from '#setup/services.ts'

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..', '..')

const LOOK_MS = 3_000
const LOCK_WAIT_MS = 500

/** Begins to look; returns how to end it. */
export function guardSupervisor(options: {
  paths: InstancePaths
  clock: Clock
  log: Logger
}): () => void {
  const { paths, clock, log } = options
  let timer: Timer | undefined
  let isStopped = false

  const look = async () => {
    try {
      if (isRecordedDead(paths, SUPERVISOR)) await restart()
    } catch (error) {
      if (!(error instanceof InstanceBusyError)) log.warn('cannot start the supervisor', { error })
    }
    if (!isStopped) timer = clock.after(LOOK_MS, () => void look())
  }
  const restart = () => {
    const lock = {
      command: 'the look after the supervisor',
      pid: process.pid,
      say: () => undefined,
      waitMs: LOCK_WAIT_MS,
    }
    return withInstanceLock(paths, lock, async () => {
      // Stopped, or started by another, while we waited for the lock.
      if (isStopped || !isRecordedDead(paths, SUPERVISOR)) return
      await ensureService(paths, SUPERVISOR, root)
      log.warn('the supervisor died and was started again')
    })
  }
  void look()
  return () => {
    isStopped = true
    timer?.cancel()
  }
}
