// Pushing blobs: sessions, chunks, whole blobs in one request, and mounts from other repositories.
import { parseContentRange } from './byte-range.ts'
import type { Digest, DigestAlgorithm } from './digest.ts'
import { emptyResponse, type RegistryRequest, type RegistryResponse } from './http-message.ts'
import { RegistryError } from './registry-error.ts'
import { registryLimits } from './registry-limits.ts'
import { isRepositoryName, projectOf } from './repository-name.ts'
import { requireDigest } from './routes.ts'
import type { Call, Handler } from './services.ts'
import { receivedRange } from './upload-transfer.ts'

export const startUpload: Handler<'uploads'> = async (call) => {
  const { services, request, route, actor } = call
  const owner = { repository: route.repository, actor: actor.id }
  const mount = request.query.get('mount')
  if (mount !== null && mountBlob(call, requireDigest(mount)))
    return blobCreated(route.repository, requireDigest(mount))
  const digest = request.query.get('digest')
  if (digest !== null) {
    const parsed = requireDigest(digest)
    await services.uploads.receive(owner, { digest: parsed, body: request.body })
    return blobCreated(route.repository, parsed)
  }
  const id = services.uploads.start(owner, wantedAlgorithm(request))
  return progress(202, { repository: route.repository, id, offset: 0 })
}

export const appendToUpload: Handler<'upload'> = async ({ services, request, route, actor }) => {
  const { repository, uploadId: id } = route
  const owner = { repository, actor: actor.id }
  const chunk = { body: request.body, range: announcedRange(request) }
  const offset = await services.uploads.append(id, owner, chunk)
  return progress(202, { repository, id, offset })
}

export const finishUpload: Handler<'upload'> = async ({ services, request, route, actor }) => {
  const { repository, uploadId: id } = route
  const digest = requireDigest(request.query.get('digest') ?? '')
  const chunk = { body: request.body, range: announcedRange(request), digest }
  await services.uploads.finish(id, { repository, actor: actor.id }, chunk)
  return blobCreated(repository, digest)
}

export const uploadStatus: Handler<'upload'> = async ({ services, route, actor }) => {
  const { repository, uploadId: id } = route
  const offset = await services.uploads.offset(id, { repository, actor: actor.id })
  return progress(204, { repository, id, offset })
}

export const cancelUpload: Handler<'upload'> = async ({ services, route, actor }) => {
  await services.uploads.cancel(route.uploadId, {
    repository: route.repository,
    actor: actor.id,
  })
  return { status: 204, headers: {} }
}

/**
 * Links a blob of another repository to this one. Whether the other one lacks it or the actor may
 * not read it looks the same: the client gets a session and sends the bytes.
 */
function mountBlob({ services, request, route, actor }: Call<'uploads'>, digest: Digest): boolean {
  const { metadata, clock, leases, quotas } = services
  const blob = metadata.blobs.find(digest)
  if (blob === undefined || blob.damagedAt !== null) return false
  const from = request.query.get('from')
  const sources =
    from === null ? metadata.blobs.holders(blob.id, registryLimits.listPageMax) : [from]
  const readable = sources.some((name) => {
    if (!isRepositoryName(name) || actor.ownerMay('pull', name) === undefined) return false
    const source = metadata.repositories.find(name)
    return source !== undefined && metadata.blobs.findIn(source.id, digest) !== undefined
  })
  if (!readable) return false
  const project = projectOf(route.repository)
  metadata.transaction(() => {
    quotas.check(project, metadata.projectUsage.wouldAdd('blob', project, blob.id))
    const target = metadata.repositories.ensure(route.repository, clock.now())
    metadata.blobs.link(target.id, blob.id, clock.now())
    leases.take(target.id, blob.id)
  })
  return true
}

/** Where the client says its bytes belong. A whole PUT may say nothing. */
function announcedRange({ headers }: RegistryRequest) {
  const header = headers['content-range']
  if (header === undefined) return undefined
  const range = parseContentRange(header)
  if (range === undefined)
    throw new RegistryError('BLOB_UPLOAD_INVALID', `Content-Range "${header}" is not <start>-<end>`)
  const length = headers['content-length']
  if (length !== undefined && Number(length) !== range.length)
    throw new RegistryError(
      'SIZE_INVALID',
      `Content-Range has ${range.length} bytes, Content-Length ${length}`,
    )
  return range
}

/** With the algorithm known from the start, the bytes need not be read again at the end. */
function wantedAlgorithm({ query }: RegistryRequest): DigestAlgorithm {
  return query.get('digest-algorithm') === 'sha512' ? 'sha512' : 'sha256'
}

/** A path alone, because clients drop their credentials when a full address differs from theirs. */
function progress(
  status: number,
  { repository, id, offset }: { repository: string; id: string; offset: number },
): RegistryResponse {
  return {
    status,
    headers: {
      ...(status !== 204 && { 'Content-Length': '0' }),
      Location: `/v2/${repository}/blobs/uploads/${id}`,
      Range: receivedRange(offset),
      'Docker-Upload-UUID': id,
    },
  }
}

/** containerd fails a push whose answers lack Docker-Content-Digest. */
function blobCreated(repository: string, digest: Digest): RegistryResponse {
  return emptyResponse(201, {
    Location: `/v2/${repository}/blobs/${digest}`,
    'Docker-Content-Digest': digest,
  })
}
