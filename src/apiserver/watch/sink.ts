// Where a watch delivers. The HTTP answer and the in-process stream each are one.
import type { KubeObject, Status } from '#kinds/object.ts'

export type WatchType = 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK'

export interface WatchEvent {
  type: WatchType
  object: KubeObject
  /** Revision of the change: with `key` and `type` it names the event. */
  revision: number
  key: string
  /** The bytes of exactly this object, where they are stored. */
  bytes?: Uint8Array
  /** What it was before, of an object that was modified: only for those who asked for it. */
  previous?: KubeObject
}

export type WatchItem = WatchEvent | { type: 'ERROR'; status: Status }

export interface WatchSink {
  /** Takes the events of one step; false when it is too far behind and must be closed. */
  deliver(items: readonly WatchItem[]): boolean
  /** Nothing more will come. */
  end(): void
}
