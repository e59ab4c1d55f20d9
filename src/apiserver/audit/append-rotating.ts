// Appends to a log file that is moved away when it has grown. Nothing is held open between two writes: thousands of
// clusters cost no file descriptors, and whoever removes or moves a file is not written past.
import { mkdir, open, rename, rm, stat } from 'node:fs/promises'
import { currentLog, listLogs, rotatedLog } from '#base/rotated-files.ts'

export interface RotationLimits {
  fileBytesMax: number
  /** Rotated files kept for each log. */
  filesMax: number
  fileAgeMaxMs: number
}

export interface Place {
  directory: string
  name: string
}

/** All of `bytes`, or nothing: what was written in part is taken back, so that it can be tried again. */
export async function appendRotating(
  { directory, name }: Place,
  bytes: Uint8Array,
  { limits, now }: { limits: RotationLimits; now: number },
): Promise<void> {
  await mkdir(directory, { recursive: true, mode: 0o700 })
  const file = currentLog(directory, name)
  const size = await sizeOf(file)
  if (size > 0 && size + bytes.byteLength > limits.fileBytesMax) {
    await rename(file, await freeName(directory, name, now))
    await removeOld(directory, limits, now)
  }
  const handle = await open(file, 'a', 0o600)
  try {
    const before = (await handle.stat()).size
    try {
      await handle.appendFile(bytes)
    } catch (error) {
      await handle.truncate(before)
      throw error
    }
  } finally {
    await handle.close()
  }
}

async function sizeOf(file: string): Promise<number> {
  try {
    return (await stat(file)).size
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return 0
    throw error
  }
}

/** A clock that was set back must not cost an older file. */
async function freeName(directory: string, name: string, now: number): Promise<string> {
  for (let at = now; ; at++) {
    const file = rotatedLog(directory, name, at)
    if ((await sizeOf(file)) === 0) return file
  }
}

/** Rotated files beyond their number, and every file that nobody has written to for too long. */
export async function removeOld(
  directory: string,
  { filesMax, fileAgeMaxMs }: RotationLimits,
  now: number,
): Promise<void> {
  const kept = new Map<string, number>()
  for (const { path, name, rotatedAt } of listLogs(directory).toReversed()) {
    const count = (kept.get(name) ?? 0) + (rotatedAt === undefined ? 0 : 1)
    kept.set(name, count)
    const { mtimeMs } = await stat(path)
    if (count > filesMax || now - mtimeMs > fileAgeMaxMs) await rm(path, { force: true })
  }
}
