// Blobs: HEAD, GET with ranges and conditions, DELETE.
import type { BlobRow } from './blob-rows.ts'
import { type ByteRange, parseRange } from './byte-range.ts'
import { emptyResponse, type RegistryRequest } from './http-message.ts'
import { inUse } from './manifests.ts'
import { requireRepositoryRow } from './metadata.ts'
import { entityTag, isNotModified } from './not-modified.ts'
import { RegistryError } from './registry-error.ts'
import { removeDoomed } from './remove-doomed.ts'
import type { RepositoryRow } from './repository-rows.ts'
import type { Call, Handler } from './services.ts'

export const getBlob: Handler<'blob'> = ({ services, request, route }) => {
  const { repository, blob } = findBlob(services, route)
  requireSound(blob, request)
  // Who asks whether it is there is about to push a manifest that uses it.
  if (request.method === 'HEAD') services.leases.take(repository.id, blob.id)
  const headers = {
    'Content-Type': 'application/octet-stream',
    'Docker-Content-Digest': blob.digest,
    'Accept-Ranges': 'bytes',
    'Cache-Control': 'private, max-age=31536000, immutable',
    ETag: entityTag(blob.digest),
  }
  if (isNotModified(request, blob.digest)) return { status: 304, headers }
  const range = wantedRange(request, blob)
  if (range.type === 'unsatisfiable')
    return emptyResponse(416, { ...headers, 'Content-Range': `bytes */${blob.size}` })
  const part = range.type === 'part' ? range : { start: 0, endExclusive: blob.size }
  const length = { 'Content-Length': String(part.endExclusive - part.start) }
  return {
    status: range.type === 'part' ? 206 : 200,
    headers: {
      ...headers,
      ...length,
      ...(range.type === 'part' && {
        'Content-Range': `bytes ${part.start}-${part.endExclusive - 1}/${blob.size}`,
      }),
    },
    body: services.store.read(blob.objectKey, part),
  }
}

/** Wrong bytes are worse than none. Who asks whether to push the blob is told to: that heals it. */
function requireSound({ digest, damagedAt }: BlobRow, { method }: RegistryRequest): void {
  if (damagedAt === null) return
  if (method === 'HEAD') throw new RegistryError('BLOB_UNKNOWN', `${digest} is damaged`)
  throw new RegistryError('UNKNOWN', `the stored bytes of ${digest} are damaged: push it again`, {
    detail: { digest },
  })
}

/** Takes the blob out of this repository; its bytes stay while another one, or the trash, needs them. */
export const deleteBlob: Handler<'blob'> = async ({ services, route }) => {
  const { metadata, store } = services
  const doomed = metadata.transaction(() => {
    const { repository, blob } = findBlob(services, route)
    const user = metadata.manifests.userOfBlob(repository.id, blob.id)
    if (user !== undefined) throw inUse(blob.digest, user)
    metadata.blobs.unlink(repository.id, blob.id)
    const key = metadata.usage.dropBlob(blob.id)
    if (key !== undefined) metadata.blobs.doom(key)
    return key
  })
  if (doomed !== undefined) await removeDoomed({ metadata, store }, doomed)
  return emptyResponse(202)
}

function findBlob(
  { metadata }: Call<'blob'>['services'],
  route: Call<'blob'>['route'],
): { repository: RepositoryRow; blob: BlobRow } {
  const repository = requireRepositoryRow(metadata, route.repository)
  const blob = metadata.blobs.findIn(repository.id, route.digest)
  if (blob !== undefined) return { repository, blob }
  throw new RegistryError('BLOB_UNKNOWN', `${route.repository} has no blob ${route.digest}`, {
    detail: { digest: route.digest },
  })
}

/** Ranges are for GET only (RFC 9110 section 14.2), and only of the version the client means. */
function wantedRange({ method, headers }: RegistryRequest, blob: BlobRow): ByteRange {
  const ifRange = headers['if-range']
  const applies = method === 'GET' && (ifRange === undefined || ifRange === entityTag(blob.digest))
  return applies ? parseRange(headers['range'], blob.size) : { type: 'whole' }
}
