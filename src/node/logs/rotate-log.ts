// Moves a log that has grown aside, and keeps only the newest files of it.
import { createReadStream, createWriteStream } from 'node:fs'
import { readdir, rename, rm } from 'node:fs/promises'
import path from 'node:path'
import { pipeline } from 'node:stream/promises'
import { createGzip } from 'node:zlib'
import { COMPRESSED, TEMPORARY, rotatedAtMs, rotatedLogs, stampOf } from './log-files.ts'

export interface Rotation {
  file: string
  /** With the one being written; the newest of the others stays uncompressed. */
  filesMax: number
  nowMs: number
  /** Makes the runtime write to a new file of the same name. */
  reopen: () => Promise<void>
}

/** What a process that was killed left half written. */
async function removeTemporary(file: string): Promise<void> {
  const directory = path.dirname(file)
  const base = path.basename(file)
  for (const name of await readdir(directory))
    if (name.startsWith(`${base}.`) && name.endsWith(TEMPORARY))
      await rm(path.join(directory, name))
}

async function compress(file: string): Promise<void> {
  const temporary = `${file}${TEMPORARY}`
  await pipeline(
    createReadStream(file),
    createGzip(),
    createWriteStream(temporary, { mode: 0o640 }),
  )
  // In this order: whoever reads finds one of the two at any time.
  await rename(temporary, `${file}${COMPRESSED}`)
  await rm(file)
}

export async function rotateLog({ file, filesMax, nowMs, reopen }: Rotation): Promise<void> {
  await removeTemporary(file)
  const rotated = await rotatedLogs(file)
  // Room for the one being written and the one that is to be rotated.
  const kept = rotated.slice(Math.max(0, rotated.length - Math.max(0, filesMax - 2)))
  for (const log of rotated) {
    if (!kept.includes(log)) await rm(log.file)
    else if (!log.isCompressed) await compress(log.file)
  }
  const last = kept.at(-1)
  // Names tell seconds apart and say the order, whatever the clock does.
  const atMs = last === undefined ? nowMs : Math.max(nowMs, rotatedAtMs(last) + 1_000)
  const target = `${file}.${stampOf(atMs)}`
  await rename(file, target)
  try {
    await reopen()
  } catch (error) {
    // The runtime goes on writing to the file that it has: it gets its name back.
    await rename(target, file)
    throw error
  }
}
