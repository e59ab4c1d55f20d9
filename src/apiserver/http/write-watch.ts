// A watch as a stream of JSON lines. An event is encoded once for all watchers of the same form.
import { finished } from 'node:stream/promises'
import type { KubeObject } from '#kinds/object.ts'
import { notAcceptable } from '../api-errors.ts'
import type { Outcome } from '../context.ts'
import { apiLimits } from '../limits.ts'
import type { ServedResource } from '../resources.ts'
import { partialMetadata, readIncludeObject, tableOf } from '../table.ts'
import type { WatchItem, WatchSink } from '../watch/sink.ts'
import { encodeEvent } from './encode-event.ts'
import type { Writing } from './write-outcome.ts'

export interface WatchWriting extends Writing {
  outcome: Extract<Outcome, { type: 'watch' }>
}

export async function writeWatch(writing: WatchWriting): Promise<void> {
  const { response, signal, outcome, form } = writing
  if (form.encoding !== 'application/json') throw notAcceptable(['application/json;stream=watch'])
  const encode = encoderOf(writing)
  const sink: WatchSink = {
    deliver(items) {
      response.write(Buffer.concat(items.map(encode)))
      return response.writableLength <= apiLimits.watchBufferBytesMax
    },
    end: () => void response.end(),
  }
  response.writeHead(200, { 'content-type': 'application/json' })
  response.flushHeaders()
  const watch = outcome.open(sink)
  const stop = () => {
    watch.close()
    response.end()
  }
  signal.addEventListener('abort', stop, { once: true })
  if (signal.aborted) stop()
  try {
    await finished(response)
  } catch (error) {
    // The client went away, as watchers do.
    writing.access.context.log.debug('watch ended', { error })
  } finally {
    signal.removeEventListener('abort', stop)
    watch.close()
  }
}

function encoderOf({ access, call, form, outcome }: WatchWriting): (item: WatchItem) => Uint8Array {
  const { resource } = outcome
  const { shape } = form
  if (shape !== 'table') {
    const shaped = shape === 'metadata' ? partialMetadata : (object: KubeObject) => object
    const name = `${shape} ${resource.apiVersion}`
    return (item) => access.encodeShared(item, name, () => encodeEvent(item, shaped))
  }
  const includeObject = readIncludeObject(call.request.query)
  const table = tableEncoder(resource, (withColumns) => ({
    includeObject,
    now: access.context.clock.now(),
    withColumns,
  }))
  // Ages in tables differ from moment to moment, so they are not shared.
  return (item) => encodeEvent(item, table)
}

function tableEncoder(
  resource: ServedResource,
  options: (withColumns: boolean) => Parameters<typeof tableOf>[3],
): (object: KubeObject, type: string) => unknown {
  let isFirst = true
  return (object, type) => {
    const { resourceVersion } = object.metadata
    const rows = type === 'BOOKMARK' ? [] : [object]
    const table = tableOf(resource, rows, { resourceVersion }, options(isFirst))
    isFirst = false
    return table
  }
}
