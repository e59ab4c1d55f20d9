// Events as lines of JSON.
import type { KubeObject } from '#kinds/object.ts'
import type { WatchItem } from '../watch/sink.ts'

type Shape = (object: KubeObject, type: string) => unknown

const END = Buffer.from('}\n')

export function encodeEvent(item: WatchItem, shape: Shape): Uint8Array {
  if (item.type === 'ERROR') return line({ type: item.type, object: item.status })
  const object = shape(item.object, item.type)
  if (item.bytes === undefined || object !== item.object) return line({ type: item.type, object })
  return Buffer.concat([Buffer.from(`{"type":"${item.type}","object":`), item.bytes, END])
}

const line = (value: unknown) => Buffer.from(`${JSON.stringify(value)}\n`)

/** Gives the encoding another watcher has made already, or has it made. */
export type SharedEncoder = (item: WatchItem, form: string, encode: () => Uint8Array) => Uint8Array

/** Watchers get an event one right after the other, so that few encodings need keeping. */
export function createSharedEncoder(entriesMax: number): SharedEncoder {
  const known = new Map<string, Uint8Array>()
  return (item, form, encode) => {
    if (item.type === 'ERROR' || item.type === 'BOOKMARK') return encode()
    const key = `${item.revision} ${item.type} ${item.key} ${form}`
    const found = known.get(key)
    if (found !== undefined) return found
    const bytes = encode()
    known.set(key, bytes)
    if (known.size > entriesMax) known.delete(known.keys().next().value!)
    return bytes
  }
}
