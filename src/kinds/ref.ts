import type { KubeObject } from './object.ts'

/** Names a kind for a client. */
export interface KindRef<T extends KubeObject = KubeObject> {
  group: string
  version: string
  kind: string
  /** The lower-case plural of paths, such as "pods". */
  plural: string
  namespaced: boolean
  /** Only there so that `T` is inferred; never set. */
  readonly type?: T
}
