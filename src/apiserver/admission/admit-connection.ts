// Admission of connections: exec, attach, port-forward and the proxies.
import type { Call, ClusterContext, Target } from '../context.ts'
import { deepEqual } from '#kinds/validate/equal.ts'
import { isTrue } from '../request-info.ts'
import { admitUnstored } from './admit-unstored.ts'

type Read = (query: URLSearchParams, path: string) => Record<string, unknown>

const FLAGS = ['stdin', 'stdout', 'stderr', 'tty'] as const

const streams = (query: URLSearchParams): Record<string, unknown> => {
  const container = query.get('container') ?? ''
  const flags = FLAGS.filter((flag) => isTrue(query.get(flag))).map((flag) => [flag, true])
  return { ...Object.fromEntries(flags), ...(container === '' ? {} : { container }) }
}

const withPath: Read = (_query, path) => (path === '' ? {} : { path })

/** What a connection is asked with, by resource and subresource. */
const OPTIONS: Readonly<Record<string, { kind: string; read: Read }>> = {
  'pods/exec': {
    kind: 'PodExecOptions',
    read: (query) => ({ ...streams(query), command: query.getAll('command') }),
  },
  'pods/attach': { kind: 'PodAttachOptions', read: streams },
  'pods/portforward': {
    kind: 'PodPortForwardOptions',
    read: (query) => {
      const ports = query.getAll('ports').flatMap((list) => list.split(',').map(Number))
      return ports.length === 0 ? {} : { ports }
    },
  },
  'pods/proxy': { kind: 'PodProxyOptions', read: withPath },
  'services/proxy': { kind: 'ServiceProxyOptions', read: withPath },
  'nodes/proxy': { kind: 'NodeProxyOptions', read: withPath },
}

/**
 * `path` is the one behind the proxy; resolves with the one that it has become. What else was changed stands in the
 * query of the call. Throws a StatusError to refuse.
 */
export async function admitConnection(
  context: ClusterContext,
  call: Call,
  target: Target,
  path = '',
): Promise<string> {
  const options = OPTIONS[`${target.resource.plural}/${target.subresource ?? ''}`]
  if (options === undefined) return path
  const { kind, read } = options
  const asked = read(call.request.query, path)
  const object: Record<string, unknown> = { kind, apiVersion: 'v1', ...asked }
  await admitUnstored(context, call, {
    operation: 'CONNECT',
    target,
    object,
    kind: { group: '', version: 'v1', kind },
    dryRun: false,
  })
  const { path: changedPath, kind: _kind, apiVersion: _version, ...rest } = object
  writeBack(call.request.query, asked, rest)
  return typeof changedPath === 'string' ? changedPath : ''
}

/** Whoever opens the connection reads the query. */
function writeBack(
  query: URLSearchParams,
  before: Record<string, unknown>,
  after: Record<string, unknown>,
): void {
  for (const key of new Set([...Object.keys(before), ...Object.keys(after)])) {
    if (key === 'path' || deepEqual(before[key], after[key])) continue
    query.delete(key)
    for (const value of [after[key] ?? []].flat())
      query.append(key, typeof value === 'string' ? value : JSON.stringify(value))
  }
}
