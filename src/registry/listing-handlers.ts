// Lists of the distribution spec: tags of a repository, repositories of the registry.
import { jsonResponse } from './http-message.ts'
import { requireRepositoryRow } from './metadata.ts'
import { nextLink, pageLimit } from './paging.ts'
import { registryLimits } from './registry-limits.ts'
import type { Handler } from './services.ts'

export const listTags: Handler<'tags'> = ({ services, request, route }) => {
  const { metadata } = services
  const repository = requireRepositoryRow(metadata, route.repository)
  const limit = pageLimit(request.query, registryLimits.listPageMax)
  const last = request.query.get('last') ?? ''
  const rows = metadata.tags.page(repository.id, { last, limit: limit + 1 })
  const tags = rows.slice(0, limit).map(({ name }) => name)
  return jsonResponse(
    { name: route.repository, tags },
    { headers: rows.length > limit ? nextLink(request, { limit, last: tags.at(-1) }) : {} },
  )
}

export const listCatalog: Handler<'catalog'> = ({ services, request, actor }) => {
  const limit = pageLimit(request.query, registryLimits.listPageMax)
  const last = request.query.get('last') ?? ''
  const rows = services.metadata.repositories.page({ last, limit: limit + 1 })
  const names = rows.slice(0, limit).map(({ name }) => name)
  return jsonResponse(
    { repositories: names.filter((name) => actor.sees(name)) },
    { headers: rows.length > limit ? nextLink(request, { limit, last: names.at(-1) }) : {} },
  )
}
