// How many seats a request is worth: a list that reads and writes many objects holds several.
import type { RequestInfo } from '../request-info.ts'
import { isTrue } from '../request-info.ts'
import { fairnessLimits } from './fairness-limits.ts'

/** `count` tells how many objects are stored where a list looks. */
export function estimateSeats(
  info: RequestInfo,
  query: URLSearchParams,
  count: () => number,
): number {
  if (info.type === 'path' || info.name !== undefined || info.subresource !== undefined) return 1
  const lists =
    info.verb === 'list' || (info.verb === 'watch' && isTrue(query.get('sendInitialEvents')))
  if (!lists) return 1
  const objects = Math.min(count(), pageOf(query))
  const seats = Math.ceil(objects / fairnessLimits.objectsPerSeat)
  return Math.min(Math.max(seats, 1), fairnessLimits.seatsOfOneMax)
}

/** With a selector a page may have to look through everything. */
function pageOf(query: URLSearchParams): number {
  const limit = Number(query.get('limit') ?? 0)
  const selects = query.get('labelSelector') || query.get('fieldSelector')
  return limit > 0 && !selects && query.get('resourceVersion') !== '0' ? limit : Infinity
}
