import { badRequest } from '#base/errors.ts'
import { forbidden, notSupported } from '#kinds/validate/field-error.ts'
import { expired, invalidOption, versionTooLarge } from '../api-errors.ts'
import type { Call, ClusterContext, Outcome } from '../context.ts'
import { inVersion } from '../objects/in-version.ts'
import type { Stored } from '../objects/object-storage.ts'
import { readInteger } from '../request-options.ts'
import type { ServedResource } from '../resources.ts'
import { keyFor } from '../resources.ts'
import type { Selection } from '../selection.ts'
import { readSelection } from '../selection.ts'
import type { ContinueToken } from './continue-token.ts'
import { readContinueToken, writeContinueToken } from './continue-token.ts'

export const prefixOf = (resource: ServedResource, namespace: string | undefined): string =>
  namespace === undefined ? resource.prefix : `${resource.prefix}${namespace}/`

export async function list(
  context: ClusterContext,
  call: Call,
  resource: ServedResource,
  namespace: string | undefined,
): Promise<Outcome> {
  const { query } = call.request
  const selection = readSelection(query, resource)
  const page = readPage(query)
  const revision = checkVersion(query, page.token, context.objects.revision)
  const prefix = prefixOf(resource, namespace)
  const found = select(context, { resource, namespace, prefix, selection, page })
  const more = found.length > page.limit
  const items = more ? found.slice(0, page.limit) : found
  const metadata: Extract<Outcome, { type: 'list' }>['metadata'] = {
    resourceVersion: String(revision),
  }
  if (more) {
    const last = items.at(-1)!.key.slice(prefix.length)
    const seen = (page.token?.seen ?? 0) + items.length
    metadata.continue = writeContinueToken({ revision, after: last, seen })
    if (selection.matches === undefined)
      metadata.remainingItemCount = Math.max(1, context.objects.store.count(prefix) - seen)
  }
  return { type: 'list', resource, items: await shownItems(resource, items), metadata }
}

const shownItems = (resource: ServedResource, items: Stored[]): Stored[] | Promise<Stored[]> =>
  resource.conversion === undefined ? items : inVersion(resource, items)

interface Page {
  /** Infinity when all is wanted. */
  limit: number
  token: ContinueToken | undefined
}

function readPage(query: URLSearchParams): Page {
  const text = query.get('limit') ?? ''
  const limit = text === '' ? 0 : readInteger(text)
  const encoded = query.get('continue') ?? ''
  const token = encoded === '' ? undefined : readContinueToken(encoded)
  // A list "from the cache" comes whole, as Kubernetes' watch cache gives it.
  const whole = limit <= 0 || (query.get('resourceVersion') === '0' && token === undefined)
  return { limit: whole ? Infinity : limit, token }
}

/**
 * Lists are always of the newest state. A page after the first still carries the version of the
 * first: a watch from there brings every change the pages may or may not show already.
 */
function checkVersion(
  query: URLSearchParams,
  token: ContinueToken | undefined,
  current: number,
): number {
  const text = query.get('resourceVersion') ?? ''
  const match = query.get('resourceVersionMatch') ?? ''
  if (match !== '') checkMatch(match, text, token !== undefined)
  if (token !== undefined) {
    if (text !== '' && text !== '0')
      throw badRequest('specifying resource version is not allowed when using continue')
    return token.revision
  }
  if (text === '') return current
  if (!/^\d+$/.test(text))
    throw badRequest(`Invalid value: ${JSON.stringify(text)}: invalid resource version`)
  const asked = Number(text)
  if (asked > current) throw versionTooLarge(asked, current)
  if (match === 'Exact' && asked < current)
    throw expired('The resourceVersion for the provided list is too old.')
  return current
}

const MATCHES = ['Exact', 'NotOlderThan']

function checkMatch(match: string, version: string, continued: boolean): void {
  const field = 'resourceVersionMatch'
  if (continued)
    throw invalidOption(
      'ListOptions',
      forbidden(field, 'resourceVersionMatch is forbidden when continue is provided'),
    )
  if (version === '')
    throw invalidOption(
      'ListOptions',
      forbidden(field, 'resourceVersionMatch is forbidden unless resourceVersion is provided'),
    )
  if (!MATCHES.includes(match))
    throw invalidOption('ListOptions', notSupported(field, match, [...MATCHES, '']))
}

interface Selecting {
  resource: ServedResource
  namespace: string | undefined
  prefix: string
  selection: Selection
  page: Page
}

/** One object more than the page holds, where there is one. */
function select(
  context: ClusterContext,
  { resource, namespace, prefix, selection, page }: Selecting,
): Stored[] {
  const { matches, name } = selection
  if (name !== undefined && (namespace !== undefined || !resource.namespaced)) {
    const stored = context.objects.get(keyFor(resource, namespace, name))
    return stored !== undefined && matches?.(stored.object) !== false ? [stored] : []
  }
  const after = page.token === undefined ? {} : { after: `${prefix}${page.token.after}` }
  if (matches === undefined) {
    const limit = page.limit === Infinity ? {} : { limit: page.limit + 1 }
    return context.objects.list(prefix, { ...after, ...limit })
  }
  const found: Stored[] = []
  for (const stored of context.objects.list(prefix, after)) {
    if (matches(stored.object)) found.push(stored)
    if (found.length > page.limit) break
  }
  return found
}
