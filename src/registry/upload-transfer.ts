// Moves the bytes of one request into an upload's object, hashing them on the way.
import type { Hash } from 'node:crypto'
import type { ObjectWriter } from './blob-store.ts'
import { RegistryError } from './registry-error.ts'
import { registryLimits } from './registry-limits.ts'

/** A piece of an upload; `range` is there when the client said where the piece belongs. */
export interface UploadChunk {
  body: AsyncIterable<Uint8Array>
  range: { start: number; length: number } | undefined
}

interface TransferTarget {
  hash: Hash | undefined
  offset: number
  readonly cancelled: boolean
}

export async function transfer(
  target: TransferTarget,
  writer: ObjectWriter,
  { body, range, came }: UploadChunk & { came: () => void },
): Promise<void> {
  const start = target.offset
  const end = range === undefined ? registryLimits.blobBytesMax : start + range.length
  for await (const bytes of body) {
    if (target.cancelled) throw uploadUnknown()
    if (target.offset + bytes.length > end) throw tooLong(range)
    target.hash!.update(bytes)
    target.offset += bytes.length
    came()
    await writer.write(bytes)
  }
  if (range !== undefined && target.offset !== end)
    throw new RegistryError(
      'SIZE_INVALID',
      `Content-Range announces ${range.length} bytes, ${target.offset - start} came`,
    )
}

function tooLong(range: UploadChunk['range']): RegistryError {
  return range === undefined
    ? new RegistryError('SIZE_INVALID', 'the blob is larger than this registry takes', {
        status: 413,
        detail: { bytesMax: registryLimits.blobBytesMax },
      })
    : new RegistryError('SIZE_INVALID', `more than the announced ${range.length} bytes came`)
}

export function uploadUnknown(): RegistryError {
  return new RegistryError('BLOB_UPLOAD_UNKNOWN', 'there is no such upload in this repository')
}

/** The `Range` header of an upload: the last byte is inclusive, and nothing yet is "0-0". */
export function receivedRange(offset: number): string {
  return `0-${Math.max(0, offset - 1)}`
}
