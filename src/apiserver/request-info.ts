// Reads a request's path and method: which resource it means, or which other path. Pure.
import type { ApiRequest } from '#base/api-call.ts'
import { isReason } from '#base/errors.ts'
import { type FieldRequirement, parseFieldSelector } from '#kinds/field-selector.ts'

export type Verb =
  | 'get'
  | 'list'
  | 'watch'
  | 'create'
  | 'update'
  | 'patch'
  | 'delete'
  | 'deletecollection'

export interface ResourceRequest {
  type: 'resource'
  verb: Verb
  group: string
  version: string
  resource: string
  subresource: string | undefined
  namespace: string | undefined
  name: string | undefined
  /** Of a list, a watch or a deletion of many: there only when it selects. */
  fieldSelector?: readonly FieldRequirement[]
}

export interface PathRequest {
  type: 'path'
  /** "get", "post", ... */
  verb: string
  path: string
}

export type RequestInfo = ResourceRequest | PathRequest

export interface RequestLine {
  method: ApiRequest['method']
  path: string
  query: URLSearchParams
}

// `namespaces/<name>/<this>` is a subresource of the namespace, not a resource inside of it.
const NAMESPACE_SUBRESOURCES = new Set(['status', 'finalize'])

const SELECTING_METHODS = new Set<ApiRequest['method']>(['GET', 'DELETE'])

export function readRequest(line: RequestLine): RequestInfo {
  const parts = line.path.split('/').filter((part) => part !== '')
  const other: PathRequest = {
    type: 'path',
    verb: line.method.toLowerCase(),
    path: line.path,
  }
  const prefixLength = parts[0] === 'api' ? 2 : parts[0] === 'apis' ? 3 : undefined
  if (prefixLength === undefined || parts.length <= prefixLength) return other
  const group = parts[0] === 'api' ? '' : parts[1]!
  const version = parts[prefixLength - 1]!
  const place = readPlace(parts.slice(prefixLength).map(decodeSegment))
  if (place === undefined) return other
  const verb = verbOf(line, place)
  return { type: 'resource', verb, group, version, ...named(line, place), ...selected(line, verb) }
}

interface ResourcePlace {
  resource: string
  subresource: string | undefined
  namespace: string | undefined
  name: string | undefined
}

function readPlace(parts: string[]): ResourcePlace | undefined {
  // What is below a proxy is not ours to read.
  const proxy = proxyAt(parts)
  if (proxy > 0) return readPlace(parts.slice(0, proxy + 1))
  // No name holds a slash; one that was escaped must not reach into another key.
  if (parts.some((part) => part.includes('/'))) return undefined
  let rest = parts
  let namespace: string | undefined
  if (parts[0] === 'namespaces' && parts.length > 1) {
    namespace = parts[1]
    if (parts.length > 2 && !NAMESPACE_SUBRESOURCES.has(parts[2]!)) rest = parts.slice(2)
  }
  const [resource, name, ...deeper] = rest
  if (resource === undefined) return undefined
  const subresource = deeper.length === 0 ? undefined : deeper.join('/')
  return { resource, name, namespace, subresource }
}

const PROXIED = new Set(['pods', 'services', 'nodes'])

/** Where "proxy" stands, when there is more behind it. */
function proxyAt(parts: readonly string[]): number {
  const at = parts[0] === 'namespaces' && parts.length > 4 ? 4 : 2
  const isProxy = parts[at] === 'proxy' && PROXIED.has(parts[at - 2]!)
  return isProxy && parts.length > at + 1 ? at : -1
}

function decodeSegment(segment: string): string {
  try {
    return decodeURIComponent(segment)
  } catch (error) {
    // Not valid percent encoding: taken as it stands, and then not found.
    if (error instanceof URIError) return segment
    throw error
  }
}

export function isTrue(value: string | null): boolean {
  return value !== null && value !== 'false' && value !== '0'
}

function verbOf(line: RequestLine, place: ResourcePlace): Verb {
  switch (line.method) {
    case 'GET':
      if (place.subresource === undefined && isTrue(line.query.get('watch'))) return 'watch'
      return place.name === undefined ? 'list' : 'get'
    case 'POST':
      return 'create'
    case 'PUT':
      return 'update'
    case 'PATCH':
      return 'patch'
    case 'DELETE':
      return place.name === undefined ? 'deletecollection' : 'delete'
  }
}

/** A list of one name by field selector is authorized as that name. */
function named(line: RequestLine, place: ResourcePlace): ResourcePlace {
  if (place.name !== undefined || !SELECTING_METHODS.has(line.method)) return place
  const match = /^metadata\.name=([^,=!]+)$/.exec(line.query.get('fieldSelector') ?? '')
  return match === null ? place : { ...place, name: match[1] }
}

const OF_MANY: readonly Verb[] = ['list', 'watch', 'deletecollection']

/** What is no selector counts as none here: who may ask at all is told later what is wrong with it. */
function selected({ query }: RequestLine, verb: Verb): Pick<ResourceRequest, 'fieldSelector'> {
  const text = query.get('fieldSelector') ?? ''
  if (text === '' || !OF_MANY.includes(verb)) return {}
  try {
    return { fieldSelector: parseFieldSelector(text) }
  } catch (error) {
    if (isReason(error, 'BadRequest')) return {}
    throw error
  }
}
