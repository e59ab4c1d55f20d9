// Requests that last as long as their users like.
import type { RequestInfo } from './request-info.ts'

const SESSIONS: ReadonlySet<string> = new Set(['attach', 'exec', 'log', 'portforward', 'proxy'])

/** A session in a pod, its log, or what is passed on to another server. */
export const isSession = (info: RequestInfo): boolean =>
  info.type === 'resource' && SESSIONS.has(info.subresource?.split('/', 1)[0] ?? '')

export const isLongRunning = (info: RequestInfo): boolean =>
  (info.type === 'resource' && info.verb === 'watch') || isSession(info)
