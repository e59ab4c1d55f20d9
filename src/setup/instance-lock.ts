// One command at a time starts or stops an instance: two would each do half of it.
import { existsSync, readFileSync, rmdirSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { FileLockedError, withFileLock } from '#linux/file-lock.ts'
import type { InstancePaths } from './instance.ts'
import { SetupError } from './setup-error.ts'

export interface InstanceLockOptions {
  /** What this command is called: "ccs up". */
  command: string
  pid: number
  /** Called when another command must be waited for. */
  say: (line: string) => void
  /** Longest wait for another command, in milliseconds. */
  waitMs?: number
}

/** Another command held the instance for all of the time given. */
export class InstanceBusyError extends SetupError {
  override readonly name = 'InstanceBusyError'
}

/** Longer than any command holds the lock, but for one that installs packages. */
const WAIT_MS = 120_000
/** Waiting for less than this is not worth a word. */
const QUIET_WAIT_MS = 300

interface Holder {
  command: string
  pid: number
}

/** Beside the instance's directory and not in it: `ccs down --purge` removes that while it holds the lock. */
const lockFile = ({ runDir }: InstancePaths) => `${runDir}.lock`

function nameHolder(file: string): string {
  try {
    const { command, pid } = JSON.parse(readFileSync(file, 'utf8')) as Holder
    return `'${command}' (pid ${pid})`
  } catch (error) {
    // Read before the name was written, or after the holder was done and removed the file.
    const { code } = error as NodeJS.ErrnoException
    if (error instanceof SyntaxError || code === 'ENOENT') return 'another command'
    throw error
  }
}

/** The directory goes too when no other instance has anything in it. */
function removeLock(file: string): void {
  rmSync(file)
  try {
    rmdirSync(path.dirname(file))
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code !== 'ENOTEMPTY' && code !== 'ENOENT') throw error
  }
}

/** Throws an InstanceBusyError when another command does not end in time. */
export async function withInstanceLock<T>(
  paths: InstancePaths,
  options: InstanceLockOptions,
  work: () => Promise<T>,
): Promise<T> {
  const { command, pid, say, waitMs = WAIT_MS } = options
  const file = lockFile(paths)
  let isOurs = false
  const locked = async () => {
    isOurs = true
    // Written in place: another file of that name would be another lock.
    writeFileSync(file, JSON.stringify({ command, pid } satisfies Holder))
    try {
      return await work()
    } finally {
      // Nothing stays of an instance that was purged, or that there never was.
      if (!existsSync(paths.instanceFile)) removeLock(file)
    }
  }
  try {
    return await withFileLock(file, locked, { timeoutMs: QUIET_WAIT_MS })
  } catch (error) {
    if (isOurs || !(error instanceof FileLockedError)) throw error
  }
  say(`${nameHolder(file)} works on ${paths.dataDir}; waiting for it to end ...`)
  try {
    return await withFileLock(file, locked, { timeoutMs: waitMs })
  } catch (error) {
    if (isOurs || !(error instanceof FileLockedError)) throw error
    throw new InstanceBusyError(
      `${nameHolder(file)} still works on ${paths.dataDir} after ${waitMs / 1000} s. Wait for it, or end it and try again`,
      { cause: error },
    )
  }
}
