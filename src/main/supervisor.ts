// The supervisor process: starts registry, engine and edge, and starts anew the one that died. It holds nothing that
// is missed when it dies itself: who starts it again, systemd or `ccs up`, finds the others where they are.
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { systemClock } from '#base/clock.ts'
import type { Logger } from '#base/log.ts'
import { UNIT_FLAG } from '#setup/boot-unit.ts'
import type { InstancePaths } from '#setup/instance.ts'
import { InstanceBusyError, withInstanceLock } from '#setup/instance-lock.ts'
import { supervise } from '#setup/supervise.ts'
import { stopInstance } from '#setup/teardown.ts'
import { runProcess } from './process-frame.ts'

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..', '..')
const isUnit = process.argv.includes(UNIT_FLAG)

/** What systemd waits for; longer than containers and runtimes may take. */
const STOP_DEADLINE_MS = 80_000
const LOCK_WAIT_MS = 500

/** `systemctl stop`, or the computer goes down. A `ccs up` or `ccs down` at work does itself what is to be done. */
async function stopAll(paths: InstancePaths, log: Logger): Promise<void> {
  const lock = {
    command: 'systemctl stop',
    pid: process.pid,
    say: () => undefined,
    waitMs: LOCK_WAIT_MS,
  }
  try {
    await withInstanceLock(paths, lock, () => stopInstance(paths, systemClock))
    log.info('stopped the instance')
  } catch (error) {
    if (!(error instanceof InstanceBusyError)) throw error
    log.info('left the instance to another command', { error })
  }
}

await runProcess(
  'supervisor',
  async ({ paths }, log) => {
    const abort = new AbortController()
    const { signal } = abort
    const done = supervise({ paths, root, pid: process.pid, clock: systemClock, log, signal })
    done.then(
      // Without an instance there is nothing to do; stopped, it is up to the frame to end us.
      () => signal.aborted || process.exit(0),
      (error: unknown) => {
        log.error('cannot go on', { error })
        process.exit(1)
      },
    )
    return async () => {
      abort.abort(new Error('the supervisor stops'))
      await done
      if (isUnit) await stopAll(paths, log)
    }
  },
  { stopDeadlineMs: STOP_DEADLINE_MS },
)
