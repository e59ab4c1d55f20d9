// Where a watch delivers. The HTTP answer and the in-process stream each are one.
import type { KubeObject, Status } from '#kinds/object.ts'

export type WatchType = 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK'

export type WatchItem =
  | {
      type: WatchType
      object: KubeObject
      /** Revision of the change: with `key` and `type` it names the event. */
      revision: number
      key: string
      /** The bytes of exactly this object, where they are stored. */
      bytes?: Uint8Array
    }
  | { type: 'ERROR'; status: Status }

export interface WatchSink {
  /** Takes the events of one step; false when it is too far behind and must be closed. */
  deliver(items: readonly WatchItem[]): boolean
  /** Nothing more will come. */
  end(): void
}
