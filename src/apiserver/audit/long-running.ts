import type { RequestInfo } from '../request-info.ts'

const SUBRESOURCES: ReadonlySet<string> = new Set(['attach', 'exec', 'log', 'portforward', 'proxy'])

/** Whether a request may last as long as its client likes: its beginning is an event of its own. */
export function isLongRunning(info: RequestInfo): boolean {
  if (info.type === 'path') return false
  return info.verb === 'watch' || SUBRESOURCES.has(info.subresource?.split('/', 1)[0] ?? '')
}
