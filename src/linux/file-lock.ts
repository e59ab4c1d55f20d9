// A lock between processes that the kernel gives back when its holder dies, however it dies.
import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, statSync } from 'node:fs'
import path from 'node:path'
import { CommandError, commandEnvironment } from './run.ts'

const DEFAULT_TIMEOUT_MS = 10_000
/** What `flock --conflict-exit-code` answers when it could not get the lock in time. */
const TIMED_OUT_CODE = 75

/** Another process held the lock for all of the time given. */
export class FileLockedError extends CommandError {}

interface Lock {
  /** Whether the file still has its name: who held the lock before may have removed it. */
  isNamed(): boolean
  release(): Promise<void>
}

/** How often the directory may vanish under us before that is an error. */
const VANISHED_MAX = 20

/**
 * Runs `work` while holding an exclusive flock(2) on `file`, which `work` may remove as the last thing it
 * does, and its directory after it. The directory is made when it is missing.
 */
export async function withFileLock<T>(
  file: string,
  work: () => Promise<T> | T,
  options: { timeoutMs?: number } = {},
): Promise<T> {
  const { timeoutMs = DEFAULT_TIMEOUT_MS } = options
  const directory = path.dirname(file)
  for (let vanished = 0; ;) {
    mkdirSync(directory, { recursive: true, mode: 0o755 })
    let lock: Lock
    try {
      lock = await acquire(file, timeoutMs)
    } catch (error) {
      if (error instanceof FileLockedError || existsSync(directory)) throw error
      if (++vanished === VANISHED_MAX) throw error
      continue
    }
    try {
      // The lock of a file that nobody finds any more keeps nobody out: it is taken again.
      if (lock.isNamed()) return await work()
    } finally {
      await lock.release()
    }
  }
}

/** The first descriptor that `flock` opens: that of the file. */
const LOCK_DESCRIPTOR = 3

/** The lock is held by `flock file cat`: cat ends when our end of its input closes, also when we are killed. */
async function acquire(file: string, timeoutMs: number): Promise<Lock> {
  const seconds = String(timeoutMs / 1000)
  const argv = ['--exclusive', '--timeout', seconds, '-E', String(TIMED_OUT_CODE), file, 'cat']
  const child = spawn('flock', argv, { env: commandEnvironment, stdio: 'pipe' })
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', resolve)
  })
  let stderr = ''
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString('utf8')))
  // The echo of this line says that cat runs, so that the lock is ours.
  child.stdin.on('error', () => undefined)
  child.stdin.write('locked\n')
  const locked = new Promise<true>((resolve) => child.stdout.once('data', () => resolve(true)))
  const first = await Promise.race([locked, ended])
  if (first !== true) {
    if (first === TIMED_OUT_CODE)
      throw new FileLockedError(['flock', ...argv], `got no lock in ${timeoutMs} ms`, { stderr })
    throw new CommandError(['flock', ...argv], `failed (${String(first)})`, { stderr })
  }
  return {
    isNamed: () =>
      statSync(file, { throwIfNoEntry: false })?.ino ===
      statSync(`/proc/${child.pid}/fd/${LOCK_DESCRIPTOR}`).ino,
    async release() {
      child.stdin.end()
      await ended
    },
  }
}
