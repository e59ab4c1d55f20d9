// Of which flow schema a request is, and of which flow within it.
import type { UserInfo } from '#base/api-call.ts'
import type { RequestInfo } from '../request-info.ts'
import type { FlowSchemaSpec } from './flow-config.ts'
import { matchesAny } from './flow-rules.ts'

/** The first one that fits; the last one (catch-all) where none does. */
export function findSchema<T extends Pick<FlowSchemaSpec, 'rules'>>(
  schemas: readonly T[],
  user: UserInfo,
  info: RequestInfo,
): T {
  for (const schema of schemas) if (matchesAny(schema.rules, user, info)) return schema
  return schemas.at(-1)!
}

/** What tells the flows of a schema apart; empty where nothing does. */
export function distinguish(
  { distinguisher }: FlowSchemaSpec,
  user: UserInfo,
  info: RequestInfo,
): string {
  if (distinguisher === 'ByUser') return user.username
  if (distinguisher === 'ByNamespace' && info.type === 'resource') return info.namespace ?? ''
  return ''
}
