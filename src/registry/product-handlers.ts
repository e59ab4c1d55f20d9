// What `ccs` and the platform ask beyond the distribution spec, below /ccs/v1/.
import { rfc3339 } from '#base/clock.ts'
import { jsonResponse } from './http-message.ts'
import type { Metadata } from './metadata.ts'
import { nextLink, pageLimit } from './paging.ts'
import { RegistryError } from './registry-error.ts'
import { registryLimits } from './registry-limits.ts'
import type { RepositoryRow } from './repository-rows.ts'
import { requireRepository } from './routes.ts'
import type { Handler } from './services.ts'
import type { TagRow } from './tag-rows.ts'

/** One tag as `GET /ccs/v1/repositories` shows it. */
export interface TagSummary {
  tag: string
  digest: string
  /** Bytes of the image, compressed as stored; what platforms share counts for each. */
  size: number
  pushedAt: string
  platforms: string[]
}

export interface RepositorySummary {
  name: string
  /** All tags there are; `tags` holds the first thousand of them. */
  tagCount: number
  tags: TagSummary[]
}

/** Body of `GET /ccs/v1/resolve`. */
export interface ResolvedTag extends TagSummary {
  name: string
  mediaType: string
}

export const listRepositories: Handler<'productRepositories'> = ({ services, request, actor }) => {
  const { metadata } = services
  const limit = pageLimit(request.query, registryLimits.productPageMax)
  const last = request.query.get('last') ?? ''
  const project = request.query.get('project') ?? undefined
  const rows = metadata.repositories.page({ last, limit: limit + 1, project })
  const page = rows.slice(0, limit)
  const body: RepositorySummary[] = page
    .filter(({ name }) => actor.sees(name))
    .map((row) => repositorySummary(metadata, row))
  return jsonResponse(body, {
    headers: rows.length > limit ? nextLink(request, { limit, last: page.at(-1)?.name }) : {},
  })
}

/** The digest behind a tag. */
export const resolveTag: Handler<'productResolve'> = ({ services, request, actor }) => {
  const { metadata } = services
  const name = request.query.get('name') ?? ''
  const tag = request.query.get('tag') ?? 'latest'
  requireRepository(name)
  if (actor.may('pull', name) === undefined)
    throw new RegistryError('DENIED', `${actor.name} may not read ${name}`)
  const repository = metadata.repositories.find(name)
  const row = repository === undefined ? undefined : metadata.tags.find(repository.id, tag)
  if (row === undefined)
    throw new RegistryError('MANIFEST_UNKNOWN', `there is no image ${name}:${tag}`)
  const body: ResolvedTag = { name, mediaType: row.mediaType, ...tagSummary(row) }
  return jsonResponse(body)
}

function repositorySummary({ tags }: Metadata, { id, name }: RepositoryRow): RepositorySummary {
  const rows = tags.page(id, { last: '', limit: registryLimits.listPageMax })
  return { name, tagCount: tags.count(id), tags: rows.map(tagSummary) }
}

function tagSummary({ name, digest, imageSize, pushedAt, platforms }: TagRow): TagSummary {
  return {
    tag: name,
    digest,
    size: imageSize,
    pushedAt: rfc3339(pushedAt),
    platforms: JSON.parse(platforms) as string[],
  }
}
