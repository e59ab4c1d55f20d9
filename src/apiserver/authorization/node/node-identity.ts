import type { UserInfo } from '#base/api-call.ts'

const PREFIX = 'system:node:'
const NODES = 'system:nodes'

/** The node that a user is; empty for one that says it is a node and not which; undefined for others. */
export function nodeNameOf({ username, groups }: UserInfo): string | undefined {
  return username.startsWith(PREFIX) && groups.includes(NODES)
    ? username.slice(PREFIX.length)
    : undefined
}
