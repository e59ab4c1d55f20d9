// A rule about writes, asked after the object was read and before it is stored. First every plugin
// may change the object, then every plugin may refuse it.
import type { UserInfo } from '#base/api-call.ts'
import type { KubeObject } from '#kinds/object.ts'
import type { KeyedDraft } from '../objects/object-storage.ts'

export interface ObjectKind {
  group: string
  version: string
  kind: string
}

export interface AdmissionRequest {
  /** CONNECT: nothing is stored; `object` is what the connection was asked with. */
  operation: 'CREATE' | 'UPDATE' | 'DELETE' | 'CONNECT'
  group: string
  version: string
  kind: string
  /** The plural. */
  resource: string
  subresource: string | undefined
  namespace: string | undefined
  name: string
  /** The server made the name up: who may still change the object knows it by `generateName` only. */
  isNameGenerated?: boolean | undefined
  /** What will be stored: may be changed by `admit`. Absent for DELETE. */
  object: KubeObject | undefined
  /** What is stored now. Absent for CREATE. */
  old: KubeObject | undefined
  user: UserInfo
  dryRun: boolean
  /** Kind of `object` where it is none of the resource: a PodExecOptions, an Eviction. */
  objectKind?: ObjectKind | undefined
  /** CreateOptions and the like, as clients outside are told of them. */
  options?: Record<string, unknown> | undefined
  /** Texts of Warning headers: may be added to. */
  warnings?: string[] | undefined
  /** Notes for the audit log: may be added to. */
  auditAnnotations?: Record<string, string> | undefined
  /** The server's own write, that nobody outside may refuse. */
  byServer?: boolean | undefined
  /** Every plugin is asked to admit once more when somebody outside changed the object. */
  round?: { isSecond: boolean; wantsSecond: boolean }
  /** Called when the write did not happen after all. */
  onAbandoned(undo: () => void): void
  /**
   * Further writes for the commit that stores the object: all of them happen, or none. Made right
   * before each try, from what is accepted then; may throw a StatusError to refuse.
   */
  joinCommit(make: () => readonly KeyedDraft[]): void
}

export interface AdmissionPlugin {
  name: string
  /** Asked also about what is never stored: connections, bindings, evictions, requests for tokens. */
  asksOfUnstored?: true
  /** Changes the object in place; throws a StatusError to refuse. */
  admit?(request: AdmissionRequest): void | Promise<void>
  /** Throws a StatusError to refuse. */
  validate?(request: AdmissionRequest): void | Promise<void>
}

/** Stored objects for plugins that look at more than the one written. */
export interface ObjectReader {
  get(
    group: string,
    plural: string,
    namespace: string | undefined,
    name: string,
  ): KubeObject | undefined
  list(group: string, plural: string, namespace?: string): KubeObject[]
}
