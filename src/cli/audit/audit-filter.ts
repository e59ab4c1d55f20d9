// Which events of an audit log are asked for. Pure.
import type { AuditEvent } from '#kinds/k8s/audit.ts'

export interface AuditFilter {
  user?: string | undefined
  verbs?: readonly string[] | undefined
  /** "pods", "deployments.apps", "pods/exec". */
  resource?: string | undefined
  namespace?: string | undefined
  name?: string | undefined
  /** Only what changes something, or reaches into it. */
  changes?: boolean | undefined
  /** Milliseconds since the epoch. */
  since: number
}

/** An event of a cluster's log. */
export interface Logged {
  cluster: string
  event: AuditEvent
}

const READS: ReadonlySet<string> = new Set(['get', 'list', 'watch'])
/** Opened by GET too, and then not for reading. */
const CONNECTS: ReadonlySet<string> = new Set(['attach', 'exec', 'portforward', 'proxy'])

export function isAskedFor(event: AuditEvent, filter: AuditFilter): boolean {
  const { user, verbs, resource, namespace, name, changes, since } = filter
  const { objectRef, verb } = event
  if (Date.parse(event.requestReceivedTimestamp) < since) return false
  if (user !== undefined && !usersOf(event).includes(user)) return false
  if (verbs !== undefined && !verbs.includes(verb)) return false
  if (namespace !== undefined && objectRef?.namespace !== namespace) return false
  if (name !== undefined && objectRef?.name !== name) return false
  if (resource !== undefined && !isResource(event, resource)) return false
  return !changes || !READS.has(verb) || CONNECTS.has(objectRef?.subresource ?? '')
}

/** Who asked, and as whom. */
export const usersOf = ({ user, impersonatedUser }: AuditEvent): string[] =>
  [user.username, impersonatedUser?.username].filter((one) => one !== undefined)

/** Without a subresource any of them is meant; without a group every group. */
function isResource({ objectRef = {} }: AuditEvent, asked: string): boolean {
  const slash = asked.indexOf('/')
  const [type, subresource] =
    slash < 0 ? [asked, undefined] : [asked.slice(0, slash), asked.slice(slash + 1)]
  const { resource = '', apiGroup } = objectRef
  const isType = type === resource || (apiGroup !== undefined && type === `${resource}.${apiGroup}`)
  return isType && (subresource === undefined || subresource === objectRef.subresource)
}

/** Undefined for what is no event: a line that a power loss cut. */
export function readEvent(line: string): AuditEvent | undefined {
  try {
    const value = JSON.parse(line) as Partial<AuditEvent> | null
    return value?.kind === 'Event' && value.user !== undefined ? (value as AuditEvent) : undefined
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}

/** Ids may be the client's: one that is used again must hide nothing. */
const keyOf = ({ cluster, event: { auditID, requestReceivedTimestamp } }: Logged): string =>
  `${cluster} ${auditID} ${requestReceivedTimestamp}`

/** One event of each request, the last of its stages; the newest `max` of them. */
export class LatestRequests {
  readonly #max: number
  readonly #kept = new Map<string, Logged>()
  #seen = 0

  constructor(max: number) {
    this.#max = max
  }

  /** How many requests there were, also those that are not kept. */
  get seen(): number {
    return this.#seen
  }

  add(logged: Logged): void {
    const key = keyOf(logged)
    if (!this.#kept.delete(key)) this.#seen++
    this.#kept.set(key, logged)
    if (this.#kept.size > this.#max) this.#kept.delete(this.#kept.keys().next().value!)
  }

  has(logged: Logged): boolean {
    return this.#kept.has(keyOf(logged))
  }

  /** By the time at which they were asked. */
  list(): Logged[] {
    const time = ({ event }: Logged) => Date.parse(event.requestReceivedTimestamp)
    return [...this.#kept.values()].toSorted((a, b) => time(a) - time(b))
  }
}
