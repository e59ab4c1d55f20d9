import type { Call, ClusterContext, Outcome } from '../context.ts'
import type { ServedResource } from '../resources.ts'
import { readSelection } from '../selection.ts'
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
    open: (sink) => openWatch(context, { resource, prefix, selection, options }, sink),
  }
}
