import type { RequestInfo } from '../request-info.ts'

const LONG: ReadonlySet<string> = new Set(['attach', 'exec', 'log', 'portforward', 'proxy'])

/** Requests that last as long as their users like: they have limits of their own, and never wait for a seat. */
export const isLongRunning = (info: RequestInfo): boolean =>
  info.type === 'resource' &&
  info.subresource !== undefined &&
  LONG.has(info.subresource.split('/', 1)[0]!)
