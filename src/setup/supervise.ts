// Keeps the processes of an instance alive for as long as it runs: looks at each twice a second, and starts anew what
// died. A look and nothing else tells it what lives, so it adopts what `ccs up` or an earlier supervisor started.
import type { Clock } from '#base/clock.ts'
import type { Logger } from '#base/log.ts'
import { readInstance, type InstancePaths } from './instance.ts'
import { InstanceBusyError, withInstanceLock } from './instance-lock.ts'
import { ensureService, findService, logTail, type ServiceName, SERVICES } from './services.ts'
import { judge, started, UNSEEN, type Watched } from './supervision.ts'

export interface SuperviseOptions {
  paths: InstancePaths
  /** Root of the checkout whose processes are started. */
  root: string
  pid: number
  clock: Clock
  log: Logger
  signal: AbortSignal
}

const LOOK_MS = 500
/** `ccs up` and `ccs down` come first: the next look tries again. */
const LOCK_WAIT_MS = 1_000

/** Resolves when the signal aborts, or when there is no instance to look after any more. */
export async function supervise(options: SuperviseOptions): Promise<void> {
  const { clock, log, signal } = options
  const watched = new Map<ServiceName, Watched>(SERVICES.map((name) => [name, UNSEEN]))
  while (!signal.aborted) {
    for (const name of SERVICES) {
      const next = await look(options, name, watched.get(name)!)
      if (next === 'no instance') return log.info('there is no instance any more')
      watched.set(name, next)
    }
    await clock.sleep(LOOK_MS, signal).catch(() => undefined)
  }
}

async function look(
  options: SuperviseOptions,
  name: ServiceName,
  before: Watched,
): Promise<Watched | 'no instance'> {
  const { paths, clock, log } = options
  const isAlive = findService(paths, name) !== undefined
  const { watched, action, died } = judge(before, isAlive, clock.now())
  if (died !== undefined)
    log.warn('a process died', { died: name, ...died, lastWords: logTail(paths, name) })
  if (action === 'none') return watched
  const outcome = await restart(options, name)
  if (outcome === 'no instance' || outcome === 'busy') return outcome === 'busy' ? watched : outcome
  log.info(outcome === 'started' ? 'started a process' : 'found a process', { started: name })
  return started(watched, clock.now())
}

async function restart(
  { paths, root, pid, signal }: SuperviseOptions,
  name: ServiceName,
): Promise<'started' | 'running' | 'busy' | 'no instance'> {
  const lock = { command: 'the supervisor', pid, say: () => undefined, waitMs: LOCK_WAIT_MS }
  try {
    return await withInstanceLock(paths, lock, async () => {
      // `ccs down` may have stopped us, or removed everything, while we waited for it.
      if (signal.aborted) return 'busy'
      const file = readInstance(paths)
      if (file === undefined || file.isPurged) return 'no instance'
      return ensureService(paths, name, root)
    })
  } catch (error) {
    if (error instanceof InstanceBusyError) return 'busy'
    throw error
  }
}
