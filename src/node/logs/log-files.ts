// The files of one container's log: the one being written, and beside it those that were rotated
// away, named by when ("0.log.20260102-150405", ".gz" when compressed), as the kubelet names them.
import { type FileHandle, open, readdir, stat } from 'node:fs/promises'
import { createReadStream } from 'node:fs'
import path from 'node:path'
import { createGunzip } from 'node:zlib'
import type { Clock } from '#base/clock.ts'
import { nodeLimits } from '../limits.ts'

export interface RotatedLog {
  file: string
  /** Orders the files: "20260102-150405", in UTC. */
  stamp: string
  isCompressed: boolean
}

export const COMPRESSED = '.gz'
export const TEMPORARY = '.tmp'
const BLOCK_BYTES = 64 * 1024
const ROTATED = /^\.(\d{8}-\d{6})(\.gz)?$/

/** The name of a file that is rotated at this time. */
export const stampOf = (ms: number): string =>
  new Date(ms).toISOString().slice(0, 19).replaceAll(/[-:]/g, '').replace('T', '-')

/** When a file was rotated: all its lines are older than the end of that second. */
export function rotatedAtMs({ stamp }: RotatedLog): number {
  const [, year, month, day, hour, minute, second] =
    /^(\d{4})(\d\d)(\d\d)-(\d\d)(\d\d)(\d\d)$/.exec(stamp) ?? []
  return Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`)
}

export const isMissing = (error: unknown): boolean =>
  (error as NodeJS.ErrnoException).code === 'ENOENT'

/** What was rotated away of this log, oldest first. */
export async function rotatedLogs(file: string): Promise<RotatedLog[]> {
  const directory = path.dirname(file)
  const base = path.basename(file)
  const byStamp = new Map<string, RotatedLog>()
  const names = await readdir(directory).catch((error: unknown) => {
    if (isMissing(error)) return []
    throw error
  })
  for (const name of names.toSorted((a, b) => (a < b ? -1 : 1))) {
    const match = name.startsWith(base) ? ROTATED.exec(name.slice(base.length)) : null
    const stamp = match?.[1]
    // Whoever compressed it may have died before the plain file was removed: that sorts first.
    if (stamp === undefined || byStamp.has(stamp)) continue
    const isCompressed = match?.[2] !== undefined
    byStamp.set(stamp, { file: path.join(directory, name), stamp, isCompressed })
  }
  return [...byStamp.values()]
}

export interface OpenLog {
  /** The file being written when it was opened. */
  handle: FileHandle
  /** What was written before it, oldest first. */
  older: RotatedLog[]
  /** All files up to this one are in `older`, or were before. */
  lastStamp: string
}

/** Opens a log and finds what is older, but newer than `afterStamp`, though it is rotated meanwhile. */
export async function openLog(file: string, afterStamp: string, clock: Clock): Promise<OpenLog> {
  const handle = await openCurrent(file, clock)
  const { ino } = await handle.stat()
  const older: RotatedLog[] = []
  for (const rotated of await rotatedLogs(file))
    if (rotated.stamp > afterStamp && (await inodeOf(rotated.file)) !== ino) older.push(rotated)
  const lastStamp = older.at(-1)?.stamp ?? afterStamp
  return { handle, older, lastStamp }
}

/** For a moment in a rotation there is no such file. */
async function openCurrent(file: string, clock: Clock): Promise<FileHandle> {
  const { tries, delayMs } = nodeLimits.logReopen
  for (let tried = 1; ; tried++) {
    try {
      return await open(file)
    } catch (error) {
      if (!isMissing(error) || tried === tries || (await rotatedLogs(file)).length === 0)
        throw error
      await clock.sleep(delayMs)
    }
  }
}

async function inodeOf(file: string): Promise<number | undefined> {
  try {
    return (await stat(file)).ino
  } catch (error) {
    if (isMissing(error)) return undefined
    throw error
  }
}

/** A rotated file's text; nothing where it was removed meanwhile for being the oldest. */
export async function* rotatedBlocks(log: RotatedLog): AsyncGenerator<Buffer> {
  const source = await openRotated(log)
  if (source === undefined) return
  const { handle, isCompressed } = source
  const bytes = createReadStream('', { fd: handle, highWaterMark: BLOCK_BYTES })
  if (!isCompressed) return yield* bytes as AsyncIterable<Buffer>
  const plain = createGunzip({ chunkSize: BLOCK_BYTES })
  bytes.on('error', (error) => plain.destroy(error))
  try {
    yield* bytes.pipe(plain) as AsyncIterable<Buffer>
  } finally {
    bytes.destroy()
  }
}

/** Between a list and a look a file may have been compressed. */
async function openRotated({ file, isCompressed }: RotatedLog) {
  const plainFile = isCompressed ? file.slice(0, -COMPRESSED.length) : file
  for (const candidate of [file, `${plainFile}${COMPRESSED}`])
    try {
      return { handle: await open(candidate), isCompressed: candidate.endsWith(COMPRESSED) }
    } catch (error) {
      if (!isMissing(error)) throw error
    }
  return undefined
}
