import type { ClusterContext } from '../../context.ts'
import type { ObjectReader } from '../plugin.ts'

/** What asking webhooks takes. */
export interface HookContext extends Pick<
  ClusterContext,
  'objects' | 'resources' | 'clock' | 'random' | 'outgoing' | 'log' | 'authorizer'
> {
  reader: ObjectReader
}
