// Writes a file in large batches, one of them under way while the next is gathered.
import type { FileHandle } from 'node:fs/promises'
import type { ObjectWriter } from './blob-store.ts'
import { registryLimits } from './registry-limits.ts'

interface FileWriterOptions {
  handle: FileHandle
  offset: number
  /** Makes the file's entry in its directory durable. */
  syncEntry: () => Promise<void>
}

export function openFileWriter({ handle, offset, syncEntry }: FileWriterOptions): ObjectWriter {
  let gathered: Uint8Array[] = []
  let gatheredBytes = 0
  let size = offset
  let written = offset
  let underWay: Promise<void> = Promise.resolve()

  const flush = async (): Promise<void> => {
    await underWay
    if (gatheredBytes === 0) return
    const batch = gathered
    const position = written
    written += gatheredBytes
    gathered = []
    gatheredBytes = 0
    underWay = writeAll(handle, batch, position)
    // The failure is seen by whoever waits next; until then it must not count as unhandled.
    underWay.catch(() => undefined)
  }

  return {
    get size() {
      return size
    },
    async write(chunk) {
      gathered.push(chunk)
      gatheredBytes += chunk.length
      size += chunk.length
      if (gatheredBytes >= registryLimits.writeBatchBytes) await flush()
    },
    async close({ durable }) {
      try {
        await flush()
        await underWay
        if (durable) await handle.sync()
      } finally {
        await handle.close()
      }
      if (durable) await syncEntry()
    },
    async abort() {
      try {
        await Promise.allSettled([underWay])
        await handle.truncate(offset)
      } finally {
        await handle.close()
      }
    },
  }
}

/** One writev usually takes all; a short one, as on a full disk, is continued. */
async function writeAll(handle: FileHandle, batch: Uint8Array[], position: number): Promise<void> {
  let rest = batch
  let at = position
  while (rest.length > 0) {
    const { bytesWritten } = await handle.writev(rest, at)
    if (bytesWritten === 0) throw new Error(`nothing of ${rest.length} buffers was written`)
    at += bytesWritten
    rest = withoutFirst(rest, bytesWritten)
  }
}

function withoutFirst(buffers: Uint8Array[], bytes: number): Uint8Array[] {
  let skip = bytes
  const rest: Uint8Array[] = []
  for (const buffer of buffers) {
    if (skip >= buffer.length) skip -= buffer.length
    else {
      rest.push(buffer.subarray(skip))
      skip = 0
    }
  }
  return rest
}
