// Pages of lists as the distribution spec has them: `n` entries behind `last`, and a Link header
// to the next page.
import type { RegistryRequest } from './http-message.ts'
import { RegistryError } from './registry-error.ts'

/** Entries on a page: the client's wish, clamped. */
export function pageLimit(query: URLSearchParams, max: number): number {
  const text = query.get('n')
  if (text === null || text === '') return max
  if (!/^\d+$/.test(text))
    throw new RegistryError('PAGINATION_NUMBER_INVALID', 'n must be a count of entries', {
      detail: { n: text },
    })
  return Math.min(Number(text), max)
}

/** The header that leads to the next page; none when nothing was asked for (n=0). */
export function nextLink(
  { path, query }: RegistryRequest,
  { limit, last }: { limit: number; last: string | undefined },
): { Link?: string } {
  if (limit === 0 || last === undefined) return {}
  const next = new URLSearchParams(query)
  next.set('n', String(limit))
  next.set('last', last)
  return { Link: `<${path}?${next.toString()}>; rel="next"` }
}
