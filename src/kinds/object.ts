// What every object of the Kubernetes API has, and the scalar types its fields use.
import type { ObjectMeta } from './k8s/meta.ts'

/** A Kubernetes quantity in its written form, such as "500m" or "2Gi". */
export type Quantity = string | number
/** A number, or a string such as "25%" or a port's name. */
export type IntOrString = number | string

/** Metadata of an object that has a name (a pod template's metadata is a plain `ObjectMeta`). */
export interface Metadata extends ObjectMeta {
  name: string
}

export interface KubeObject {
  apiVersion: string
  kind: string
  metadata: Metadata
}

/** `namespace/name`, or `name` for objects without a namespace: the key of caches and queues. */
export function keyOf(object: { metadata: ObjectMeta }): string {
  const { namespace, name } = object.metadata
  return namespace ? `${namespace}/${name ?? ''}` : (name ?? '')
}

/** The parts of a key made by `keyOf`. */
export function splitKey(key: string): { namespace: string | undefined; name: string } {
  const slash = key.indexOf('/')
  return slash < 0
    ? { namespace: undefined, name: key }
    : { namespace: key.slice(0, slash), name: key.slice(slash + 1) }
}

export interface KubeList<T> {
  apiVersion: string
  kind: string
  metadata: { resourceVersion?: string; continue?: string; remainingItemCount?: number }
  items: T[]
}

export type WatchEvent<T> =
  | { type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK'; object: T }
  | { type: 'ERROR'; object: Status }

/** A `Status` object: how the API says that something failed (or, for deletes, succeeded). */
export interface Status {
  apiVersion: 'v1'
  kind: 'Status'
  metadata: { continue?: string }
  status: 'Success' | 'Failure'
  message?: string
  reason?: string
  details?: StatusDetails
  code: number
}

export interface StatusDetails {
  name?: string
  group?: string
  kind?: string
  uid?: string
  causes?: { reason?: string; message?: string; field?: string }[]
  retryAfterSeconds?: number
}
