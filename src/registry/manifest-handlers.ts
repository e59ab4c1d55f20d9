// Manifests by tag and digest, and the referrers of a manifest.
import { emptyResponse, jsonResponse, type RegistryRequest } from './http-message.ts'
import type { ReferrerRow } from './manifest-rows.ts'
import { entityTag, isNotModified } from './not-modified.ts'
import { nextLink, pageLimit } from './paging.ts'
import { RegistryError } from './registry-error.ts'
import { registryLimits } from './registry-limits.ts'
import type { ManifestReference } from './routes.ts'
import type { Handler } from './services.ts'

const INDEX = 'application/vnd.oci.image.index.v1+json'

export const getManifest: Handler<'manifest'> = ({ services, request, route }) => {
  const { repositoryId, ...manifest } = services.manifests.get(route.repository, route.reference)
  if (route.reference.type === 'tag' && request.method === 'GET')
    services.pulls.note(repositoryId, route.reference.tag)
  const headers = {
    'Content-Type': manifest.mediaType,
    'Content-Length': String(manifest.bytes.length),
    'Docker-Content-Digest': manifest.digest,
    ETag: entityTag(manifest.digest),
  }
  if (!isNotModified(request, manifest.digest))
    return { status: 200, headers, body: manifest.bytes }
  const { 'Content-Length': _, ...rest } = headers
  return { status: 304, headers: rest }
}

export const putManifest: Handler<'manifest'> = async ({ services, request, route, by }) => {
  const tags = wantedTags(request, route.reference)
  const { digest, subject, missing } = await services.manifests.put({
    repository: route.repository,
    by,
    reference: route.reference,
    tags,
    contentType: request.headers['content-type'] ?? '',
    bytes: await readManifest(request),
  })
  return emptyResponse(201, {
    Location: `/v2/${route.repository}/manifests/${digest}`,
    'Docker-Content-Digest': digest,
    // Says that the referrers API lists this manifest from now on.
    ...(subject !== undefined && { 'OCI-Subject': subject }),
    ...(tags.length > 0 && { 'OCI-Tag': tags.join(', ') }),
    ...(missing.length > 0 && { Warning: `299 - "${incomplete(missing)}"` }),
  })
}

/** Tags beside the digest that a manifest is pushed by, each `?tag=`. */
function wantedTags({ query }: RegistryRequest, reference: ManifestReference): string[] {
  const tags = [...new Set(query.getAll('tag'))]
  if (tags.length > registryLimits.tagsOfPushMax)
    throw new RegistryError('UNSUPPORTED', 'these are more tags than one push may set', {
      status: 414,
      detail: { tagsMax: registryLimits.tagsOfPushMax },
    })
  if (tags.length > 0 && reference.type === 'tag')
    throw new RegistryError(
      'MANIFEST_INVALID',
      'more tags may be given only when the manifest is pushed by its digest',
    )
  return tags
}

function incomplete(missing: readonly string[]): string {
  const named = missing.slice(0, 3).join(', ')
  return `this refers to ${missing.length} that the repository does not have: ${named}`
}

export const deleteManifest: Handler<'manifest'> = ({ services, route, by }) => {
  services.manifests.delete(route.repository, route.reference, by)
  return emptyResponse(202)
}

/** A repository or subject that is not there has no referrers, which is no error. */
export const listReferrers: Handler<'referrers'> = ({ services, request, route }) => {
  const { metadata } = services
  const artifactType = request.query.get('artifactType') ?? undefined
  const limit = pageLimit(request.query, registryLimits.listPageMax)
  const repository = metadata.repositories.find(route.repository)
  const last = request.query.get('last') ?? ''
  const rows =
    repository === undefined
      ? []
      : metadata.manifests.referrers(repository.id, route.digest, {
          last,
          limit: limit + 1,
          artifactType,
        })
  const page = rows.slice(0, limit)
  return jsonResponse(
    { schemaVersion: 2, mediaType: INDEX, manifests: page.map(referrer) },
    {
      contentType: INDEX,
      headers: {
        ...(artifactType !== undefined && { 'OCI-Filters-Applied': 'artifactType' }),
        ...(rows.length > limit && nextLink(request, { limit, last: page.at(-1)?.digest })),
      },
    },
  )
}

function referrer({ digest, mediaType, size, artifactType, annotations }: ReferrerRow) {
  return {
    mediaType,
    digest,
    size,
    ...(artifactType !== null && { artifactType }),
    ...(annotations !== null && { annotations: JSON.parse(annotations) as unknown }),
  }
}

async function readManifest({ body }: RegistryRequest): Promise<Buffer> {
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of body) {
    size += chunk.length
    if (size > registryLimits.manifestBytesMax)
      throw new RegistryError('SIZE_INVALID', 'the manifest is larger than this registry takes', {
        status: 413,
        detail: { bytesMax: registryLimits.manifestBytesMax },
      })
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}
