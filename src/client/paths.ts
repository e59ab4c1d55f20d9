// Where resources live in the API: builds and reads the paths of the Kubernetes API conventions.
import type { KindRef } from '#kinds/ref.ts'
import type { Place } from './types.ts'

export interface ResourcePath {
  group: string
  version: string
  /** The lower-case plural. */
  resource: string
  namespace: string | undefined
  name: string | undefined
  subresource: string | undefined
}

const groupRoot = (group: string, version: string): string =>
  group === '' ? `/api/${version}` : `/apis/${group}/${version}`

/** The path of all objects of a kind, in one namespace or in all. */
export function collectionPath(kind: KindRef, namespace: string | undefined): string {
  const root = groupRoot(kind.group, kind.version)
  return kind.namespaced && namespace !== undefined
    ? `${root}/namespaces/${encodeURIComponent(namespace)}/${kind.plural}`
    : `${root}/${kind.plural}`
}

/** The path of one object, or of a subresource of it. */
export function objectPath(kind: KindRef, place: Place, subresource?: string): string {
  if (kind.namespaced && !place.namespace)
    throw new TypeError(`${kind.kind} "${place.name}" has a namespace, but none was given`)
  if (place.name === '') throw new TypeError(`a ${kind.kind} without a name has no path`)
  const path = `${collectionPath(kind, place.namespace)}/${encodeURIComponent(place.name)}`
  return subresource === undefined ? path : `${path}/${subresource}`
}

// "/api/v1/namespaces/x/status" is a subresource of a namespace, not a collection in it.
const NAMESPACE_SUBRESOURCES = new Set(['status', 'finalize'])

/** Reads a path made by the functions above; undefined when it names no resource. */
export function parseResourcePath(path: string): ResourcePath | undefined {
  const parts = path.split('/').filter((part) => part !== '')
  const core = parts[0] === 'api'
  if (!core && parts[0] !== 'apis') return undefined
  const [group, version] = core ? ['', parts[1]] : [parts[1], parts[2]]
  const rest = parts.slice(core ? 2 : 3).map(decodeURIComponent)
  if (group === undefined || version === undefined || rest.length === 0) return undefined
  const inNamespace =
    rest[0] === 'namespaces' && rest.length > 2 && !NAMESPACE_SUBRESOURCES.has(rest[2]!)
  const [resource, name, subresource, ...more] = inNamespace ? rest.slice(2) : rest
  if (resource === undefined || more.length > 0) return undefined
  const namespace = inNamespace ? rest[1] : undefined
  return { group, version, resource, namespace, name, subresource }
}
