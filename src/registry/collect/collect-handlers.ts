// The trash and collection, as `ccs image trash` and `ccs image gc` ask for them.
import { rfc3339 } from '#base/clock.ts'
import { emptyResponse, jsonResponse } from '../http-message.ts'
import { nextLink, pageLimit } from '../paging.ts'
import { RegistryError } from '../registry-error.ts'
import { registryLimits } from '../registry-limits.ts'
import type { Call, Handler } from '../services.ts'
import type { TrashRow } from './trash-rows.ts'

/** One deleted image as `GET /ccs/v1/trash` shows it. */
export interface TrashSummary {
  id: number
  repository: string
  digest: string
  tags: string[]
  /** Bytes of the image, as stored. */
  size: number
  deletedAt: string
  deletedBy: string
  purgedAfter: string
}

export const listTrash: Handler<'trash'> = ({ services, request, actor }) => {
  const limit = pageLimit(request.query, registryLimits.productPageMax)
  const last = Number(request.query.get('last') ?? 0)
  if (!Number.isSafeInteger(last) || last < 0)
    throw new RegistryError('PAGINATION_NUMBER_INVALID', 'last must be an id of the trash')
  const project = request.query.get('project') ?? undefined
  const rows = services.metadata.trash.page({ last, limit: limit + 1, project })
  const page = rows.slice(0, limit)
  const next = rows.length > limit ? { limit, last: String(page.at(-1)?.id) } : undefined
  return jsonResponse(page.filter(({ repository }) => actor.sees(repository)).map(summary), {
    headers: next === undefined ? {} : nextLink(request, next),
  })
}

/** To have back what was deleted takes the right to push it. */
export const restoreTrash: Handler<'trashEntry'> = (call) => {
  const row = entry(call, 'push')
  const createOnly = call.actor.may('push', row.repository)?.createOnly
  return jsonResponse(call.services.trash.restore(row, { name: call.actor.name, createOnly }))
}

export const purgeTrash: Handler<'trashEntry'> = (call) => {
  const row = entry(call, 'delete')
  call.services.collector.purge(row)
  return emptyResponse(202)
}

export const collectNow: Handler<'collect'> = async ({ services }) =>
  jsonResponse({
    ...(await services.collector.collect()),
    waiting: services.metadata.reviews.waiting(),
  })

/** Whoever may not see a repository learns nothing of its trash. */
function entry({ services, route, actor }: Call<'trashEntry'>, action: 'push' | 'delete') {
  const row = services.trash.find(route.id)
  if (!actor.sees(row.repository)) return services.trash.find(-1)
  if (actor.may(action, row.repository) === undefined)
    throw new RegistryError('DENIED', `${actor.name} may not ${action} ${row.repository}`)
  return row
}

const summary = (row: TrashRow): TrashSummary => ({
  id: row.id,
  repository: row.repository,
  digest: row.digest,
  tags: JSON.parse(row.tags) as string[],
  size: row.imageSize,
  deletedAt: rfc3339(row.deletedAt),
  deletedBy: row.deletedBy,
  purgedAfter: rfc3339(row.deletedAt + registryLimits.trashKeptMs),
})
