import { badRequest, StatusError } from '#base/errors.ts'
import { forbidden, notSupported } from '#kinds/validate/field-error.ts'
import { expired, invalidOption, versionTooLarge } from '../api-errors.ts'
import type { Call, ClusterContext, Outcome } from '../context.ts'
import { inVersion } from '../objects/in-version.ts'
import { apiLimits } from '../limits.ts'
import type { Stored } from '../objects/object-storage.ts'
import { readInteger } from '../request-options.ts'
import type { ServedResource } from '../resources.ts'
import { keyFor, shown } from '../resources.ts'
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
  if (page.token !== undefined) checkAge(page.token, context.objects)
  const revision = checkVersion(query, page.token, context.objects.revision)
  const prefix = prefixOf(resource, namespace)
  const found = await select(context, { resource, namespace, prefix, selection, page })
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
  return { type: 'list', resource, items, metadata }
}

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

/**
 * A watch from a version that is gone cannot mend what the pages missed, so whoever reads them is told,
 * with a token that goes on from the same key at the version of now.
 */
function checkAge(token: ContinueToken, { store, revision }: ClusterContext['objects']): void {
  if (token.revision >= store.oldest) return
  throw new StatusError(
    'Expired',
    'The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue parameter, or use the continue token in this response to retrieve the remainder of the results. Continuing with the provided token results in an inconsistent list - objects that were created, modified, or deleted between the time the first chunk was returned and now may show up in the list.',
    { continueToken: writeContinueToken({ ...token, revision }) },
  )
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

/** One object more than the page holds, where there is one; as the version of the resource has them. */
function select(context: ClusterContext, selecting: Selecting): Stored[] | Promise<Stored[]> {
  const { resource, selection } = selecting
  const { matches } = selection
  const one = onlyOne(selecting)
  if (resource.conversion !== undefined) return selectConverted(context, selecting, one)
  if (one !== undefined) {
    const stored = context.objects.get(one)
    return stored !== undefined && isSelected(resource, matches, stored) ? [stored] : []
  }
  const { prefix, page } = selecting
  if (matches === undefined)
    return context.objects.list(prefix, { ...after(selecting), ...bound(page) })
  const found: Stored[] = []
  for (const stored of context.objects.list(prefix, after(selecting))) {
    if (isSelected(resource, matches, stored)) found.push(stored)
    if (found.length > page.limit) break
  }
  return found
}

/** Selectors mean what a webhook makes of the objects: they are converted first, in batches, until the page is full. */
async function selectConverted(
  context: ClusterContext,
  { resource, selection, ...rest }: Selecting,
  one: string | undefined,
): Promise<Stored[]> {
  const { prefix, page } = rest
  const { matches } = selection
  const from = { ...after(rest), ...(matches === undefined ? bound(page) : {}) }
  const stored =
    one === undefined
      ? context.objects.list(prefix, from)
      : [context.objects.get(one)].filter((found) => found !== undefined)
  const found: Stored[] = []
  const batch = matches === undefined ? Infinity : apiLimits.conversionObjectsMax
  for (let at = 0; at < stored.length && found.length <= page.limit; at += batch) {
    const converted = await inVersion(resource, stored.slice(at, at + batch))
    found.push(...converted.filter(({ object }) => matches?.(object) !== false))
  }
  return found.slice(0, page.limit + 1)
}

/** The key of the one object that can match. */
function onlyOne({ resource, namespace, selection }: Selecting): string | undefined {
  const { name } = selection
  return name !== undefined && (namespace !== undefined || !resource.namespaced)
    ? keyFor(resource, namespace, name)
    : undefined
}

const after = ({ prefix, page }: Pick<Selecting, 'prefix' | 'page'>) =>
  page.token === undefined ? {} : { after: `${prefix}${page.token.after}` }

const bound = ({ limit }: Page) => (limit === Infinity ? {} : { limit: limit + 1 })

/** Objects are judged as they are shown: with the defaults that their definition has by now. */
const isSelected = (
  resource: ServedResource,
  matches: Selection['matches'],
  { object }: Stored,
): boolean => matches?.(shown(resource, object)) !== false
