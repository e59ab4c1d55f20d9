import { limits } from '#base/limits.ts'
import type { Call, ClusterContext, Outcome } from '../context.ts'
import type { ServedResource } from '../resources.ts'
import { readSelection } from '../selection.ts'
import { convertedSink } from '../watch/converted-sink.ts'
import { openWatch } from '../watch/open-watch.ts'
import { readWatchOptions } from '../watch/watch-options.ts'
import { prefixOf } from './list.ts'

export function watch(
  context: ClusterContext,
  call: Call,
  resource: ServedResource,
  namespace: string | undefined,
): Outcome {
  const { query } = call.request
  const selection = readSelection(query, resource)
  const options = readWatchOptions(query, context.objects.revision, context.random)
  const prefix = prefixOf(resource, namespace)
  return {
    type: 'watch',
    resource,
    open(sink) {
      const subject = { resource, prefix, selection, options }
      if (resource.conversion === undefined) return openWatch(context, subject, sink)
      let watch: { close(): void } | undefined
      const converting = convertedSink(sink, {
        resource,
        matches: selection.matches,
        eventsMax: limits.watchQueueEventsMax,
        stop: () => watch?.close(),
      })
      // What is selected is judged behind, of what a webhook makes of the objects.
      const all = { ...subject, selection: { matches: undefined, name: undefined } }
      const tellPrevious = selection.matches !== undefined
      watch = openWatch(context, { ...all, tellPrevious }, converting)
      return watch
    },
  }
}
