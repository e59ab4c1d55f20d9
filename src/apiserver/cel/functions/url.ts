// Kubernetes' `url(...)`.
import { CelError, EntryMap, Opaque } from '../values.ts'
import type { Overload } from './define.ts'
import { globalFunction, memberFunction, traversal } from './define.ts'

export class UrlValue extends Opaque {
  override readonly typeName = 'kubernetes.URL'
  readonly text: string
  readonly scheme: string
  readonly host: string
  readonly path: string
  readonly query: string

  constructor(text: string, [scheme = '', host = '', path = '', query = '']: readonly string[]) {
    super()
    this.text = text
    this.scheme = scheme
    this.host = host
    this.path = path
    this.query = query
  }

  override equals(other: Opaque): boolean {
    return other instanceof UrlValue && other.text === this.text
  }
}

const URL_PARTS =
  /^(?:([A-Za-z][A-Za-z\d+.-]*):)?(?:\/\/([^/?#]*))?([^?#]*)(?:\?([^#]*))?(?:#.*)?$/s
// Control characters and spaces are none of a URL's.
// eslint-disable-next-line no-control-regex -- they are what is refused
const REFUSED = /[\x00-\x20\x7f]/

/** An absolute URI or an absolute path, as Go's url.ParseRequestURI reads it; undefined otherwise. */
export function parseUrl(text: string): UrlValue | undefined {
  const [match, scheme, authority, path = '', query] = URL_PARTS.exec(text) ?? []
  if (match === undefined || REFUSED.test(text)) return undefined
  if (scheme === undefined && !text.startsWith('/')) return undefined
  const host = authority?.replace(/^.*@/, '') ?? ''
  if (!/^(\[[\da-fA-F:.%]+\]|[^[\]:]*)(:\d*)?$/.test(host) || /%(?![\da-fA-F]{2})/.test(path))
    return undefined
  return new UrlValue(text, [scheme?.toLowerCase() ?? '', host, path, query ?? ''])
}

function required(text: string): UrlValue {
  const url = parseUrl(text)
  if (url === undefined)
    throw new CelError(
      `URL parse error during conversion from string: parse ${JSON.stringify(text)}: invalid URI for request`,
    )
  return url
}

function queryOf({ query }: UrlValue): EntryMap {
  const values = new Map<string, string[]>()
  for (const [key, value] of new URLSearchParams(query)) {
    const known = values.get(key)
    if (known === undefined) values.set(key, [value])
    else known.push(value)
  }
  const map = new EntryMap()
  for (const [key, list] of values) map.add(key, list)
  return map
}

const decoded = (path: string): string => {
  try {
    return decodeURI(path)
  } catch (error) {
    if (!(error instanceof URIError)) throw error
    return path
  }
}

const PARTS: Readonly<Record<string, (url: UrlValue) => string>> = {
  getScheme: ({ scheme }) => scheme,
  getHost: ({ host }) => host,
  getHostname: ({ host }) => host.replace(/:\d*$/, '').replace(/^\[(.*)\]$/, '$1'),
  getPort: ({ host }) => /:(\d*)$/.exec(host)?.[1] ?? '',
  getEscapedPath: ({ path }) => encodeURI(decoded(path)),
}

const reading = { cost: traversal }

export const url: readonly Overload[] = [
  globalFunction('url', ['string'], 'kubernetes.URL', required, reading),
  globalFunction('isURL', ['string'], 'bool', (text) => parseUrl(text) !== undefined, reading),
  ...Object.entries(PARTS).map(([name, part]) =>
    memberFunction(name, ['kubernetes.URL'], 'string', (value) => part(value as UrlValue)),
  ),
  memberFunction('getQuery', ['kubernetes.URL'], 'map(string, list(string))', (value) =>
    queryOf(value as UrlValue),
  ),
]
