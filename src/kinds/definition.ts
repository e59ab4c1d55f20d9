// What the API server must know of a built-in kind. Each kind is one file that exports one
// definition; `registry.ts` is the list of them all.
import type { UserInfo } from '#base/api-call.ts'
import type { KindRef } from './ref.ts'
import type { KubeObject } from './object.ts'

/** One thing wrong with a field, in the words of Kubernetes' `field.Error`. */
export interface FieldError {
  /** "spec.containers[0].image" */
  field: string
  /** A `metav1.CauseType` such as "FieldValueRequired", "FieldValueInvalid", "FieldValueForbidden". */
  reason: string
  /** "Required value", "Invalid value: \"x\": must be ..." */
  message: string
}

export interface Column<T> {
  name: string
  type: 'string' | 'integer' | 'number' | 'boolean' | 'date'
  format?: string
  description: string
  /** 0: always shown; above: only with -o wide. */
  priority: number
  /** The cell. `now` is the server's time in ms, for ages. */
  cell(object: T, now: number): unknown
}

export type Subresource =
  | 'status'
  | 'scale'
  | 'log'
  | 'exec'
  | 'attach'
  | 'portforward'
  | 'binding'
  | 'eviction'
  | 'token'
  | 'finalize'
  | 'resize'
  | 'ephemeralcontainers'
  | 'approval'
  | 'proxy'

/** One more group and version in which the objects of a kind are read and written. */
export interface ServedForm<T extends KubeObject = KubeObject> {
  ref: KindRef
  schema: string
  /** The object in this form; the stored one stays as it is. */
  fromStored(object: T): KubeObject
  /** The object to store for one written in this form. */
  toStored(object: KubeObject): T
}

/** Who writes, and when. */
export interface WriteContext {
  user: UserInfo
  /** ms */
  now: number
}

export interface KindDefinition<T extends KubeObject = KubeObject> {
  ref: KindRef<T>
  singular: string
  shortNames: readonly string[]
  categories: readonly string[]
  /** Name of the OpenAPI schema, such as "io.k8s.api.core.v1.Pod". */
  schema: string
  subresources: readonly Subresource[]
  /** Fills unset fields as Kubernetes does, in place. */
  defaults(object: T): void
  /**
   * Everything wrong with an object after defaulting; `old` when it replaces that, through a subresource
   * or not. Pure.
   */
  validate(object: T, old: T | undefined, subresource?: Subresource): FieldError[]
  /** Fills in what of a new object follows from the rest, once admission has changed it. */
  derive?(object: T): void
  /**
   * Prepares a write in place: drops `status` on create, keeps the old `status` on update of the main
   * resource and the old `spec` on update of status, and so on. `metadata.generation` is the server's.
   */
  prepare?(
    object: T,
    old: T | undefined,
    subresource: Subresource | undefined,
    context?: WriteContext,
  ): void
  /** Writes the times that a write itself sets, in place, after `prepare`; `now` is the server's, in ms. */
  stamp?: (object: T, old: T | undefined, now: number) => void
  /** Whether the object has a generation, which counts what was asked of it so far. */
  hasGeneration: boolean
  /** What a change of counts the generation up; `spec`, unless given. */
  wish?: (object: T) => unknown
  /** Its objects are not stored: the server makes them when asked, and nobody writes them. */
  isComputed?: boolean
  columns: readonly Column<T>[]
  /** Field selectors beside metadata.name and metadata.namespace. */
  fields?: Readonly<Record<string, (object: T) => string>>
  /** Further groups and versions that show the same stored objects in another form. */
  alsoServedAs?: readonly ServedForm<T>[]
  /** Told to each client that uses the kind, as a Warning header. */
  deprecation?: string
  /**
   * Deleting it leaves what belongs to it behind, unless the client says otherwise; so it was before there
   * was garbage collection. `warning` is told to who does not say.
   */
  leavesDependents?: { warning?: string }
  /**
   * What a client that writes such an object should know, though it is not refused; `old` is what the object
   * was, unless it is new.
   */
  warnings?: (object: T, old: T | undefined) => string[]
  /** How names are checked: most are DNS subdomains. */
  nameRule: 'dns-subdomain' | 'dns-label' | 'path-segment'
}
