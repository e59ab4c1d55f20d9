// What a write may change. A write of the object leaves its status alone; a write of its status leaves
// everything else alone.
import type { KubeObject } from './object.ts'
import type { Subresource, WriteContext } from './definition.ts'

export type Prepare<T> = (
  object: T,
  old: T | undefined,
  subresource: Subresource | undefined,
  context?: WriteContext,
) => void

const OPEN_TO_STATUS_WRITES = new Set(['apiVersion', 'kind', 'metadata', 'status'])

type Fields = Record<string, unknown>

/** Puts a field back to what it was, or away. */
export function keepField<T extends object>(target: T, source: T, key: keyof T): void {
  if (source[key] === undefined) delete target[key]
  else target[key] = structuredClone(source[key])
}

/** Puts every field but status and metadata back to what it was. */
function keepAllButStatus(object: KubeObject, old: KubeObject): void {
  const target = object as unknown as Fields
  const source = old as unknown as Fields
  for (const key of new Set([...Object.keys(target), ...Object.keys(source)]))
    if (!OPEN_TO_STATUS_WRITES.has(key)) keepField(target, source, key)
}

export interface StatusRules<T> {
  /** Status of a new object, whatever the client sent. */
  initial: (object: T) => unknown
  /** Whether a status write must leave labels alone; Kubernetes differs from kind to kind. */
  keepsLabels?: boolean
}

/** As `Prepare`, for rules that hold whoever writes, and whenever. */
export type PrepareAlways<T> = (
  object: T,
  old: T | undefined,
  subresource: Subresource | undefined,
) => void

export function prepareStatus<T extends KubeObject>({
  initial,
  keepsLabels,
}: StatusRules<T>): PrepareAlways<T> {
  return (object, old, subresource) => {
    const target = object as unknown as Fields
    if (old === undefined) {
      target['status'] = initial(object)
      return
    }
    if (subresource === undefined) keepField(target, old as unknown as Fields, 'status')
    // Other subresources, such as binding, are the server's own changes.
    if (subresource !== 'status') return
    keepAllButStatus(object, old)
    if (keepsLabels) keepField(object.metadata, old.metadata, 'labels')
  }
}
