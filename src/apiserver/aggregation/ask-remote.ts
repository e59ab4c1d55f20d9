// The documents of another server: what it serves, and how its objects look.
import type { ClusterContext } from '../context.ts'
import type { ResourceEntry } from '../discovery/groups.ts'
import { isRecord } from '../body.ts'
import { connectionErrorText } from '../outgoing/connection-error.ts'
import type { OutgoingAnswer } from '../outgoing/outgoing.ts'
import { outgoingLimits } from '../outgoing/outgoing-limits.ts'
import type { Target } from '../outgoing/connect-within.ts'
import type { GroupVersionDocument } from '../openapi/documents.ts'
import { swaggerOf } from '../openapi/swagger.ts'
import { PASSED, unavailable, type Verdict } from './check-place.ts'
import { frontProxyHeaders } from './front-proxy.ts'
import { readResourceList } from './read-resource-list.ts'
import { type RemoteService, rootOf, serverNameOf } from './remote-service.ts'
import { targetOf } from './remote-target.ts'

type Context = Pick<ClusterContext, 'objects' | 'random' | 'outgoing' | 'frontProxy'>

/** As whom the server itself asks. */
const AGGREGATOR = { username: 'system:kube-aggregator', groups: ['system:masters'] }

export interface Discovered {
  verdict: Verdict
  /** Absent where the server did not answer, or not with a list of resources. */
  resources?: ResourceEntry[] | undefined
}

/** Whether the server answers for its group version, and with which resources. */
export async function discover(context: Context, remote: RemoteService): Promise<Discovered> {
  let target: Target | undefined
  const path = rootOf(remote)
  const failed = (why: string): Discovered => {
    const { host = '', port = 0 } = target?.address ?? {}
    const url = `https://${host}:${port}${path}`
    const message = `failing or missing response from ${url}: ${why}`
    return { verdict: unavailable('FailedDiscoveryCheck', message) }
  }
  try {
    target = await targetOf(context, remote)
    const { status, text } = await ask(context, remote, { target, path })
    const { host, port } = target.address
    if (status < 200 || status > 299)
      return failed(`bad status from https://${host}:${port}${path}: ${status}`)
    return { verdict: PASSED, resources: readResourceList(text) }
  } catch (error) {
    const text = target === undefined ? String(error) : connectionErrorText(error, target.address)
    return failed(text)
  }
}

export interface RemoteDocument {
  /** Tells one text from another. */
  hash: string
  text: string
  document: GroupVersionDocument
}

/** The OpenAPI v3 document of the group version; `known` when it is the same still, nothing when there is none. */
export async function readDocument(
  context: Context,
  remote: RemoteService,
  known: RemoteDocument | undefined,
): Promise<RemoteDocument | undefined> {
  const target = await targetOf(context, remote)
  const index = await ask(context, remote, { target, path: '/openapi/v3' })
  const paths: unknown = index.status === 200 ? recordOf(index.text)['paths'] : undefined
  const entry = isRecord(paths) ? paths[rootOf(remote).slice(1)] : undefined
  const url = isRecord(entry) ? entry['serverRelativeURL'] : undefined
  if (typeof url !== 'string' || !url.startsWith('/')) return undefined
  const hash = new URLSearchParams(url.split('?')[1] ?? '').get('hash') ?? ''
  if (known !== undefined && hash !== '' && known.hash === hash) return known
  const { status, text } = await ask(context, remote, { target, path: url })
  if (status !== 200) return undefined
  const document = recordOf(text)
  const { components } = document
  const isDocument =
    isRecord(document['paths']) && isRecord(components) && isRecord(components['schemas'])
  if (!isDocument) return undefined
  const read = document as unknown as GroupVersionDocument
  // What cannot be written in the older form either must not spoil the document of all groups.
  swaggerOf([read], '')
  return { hash, text, document: read }
}

function recordOf(text: string): Record<string, unknown> {
  const value = JSON.parse(text) as unknown
  return isRecord(value) ? value : {}
}

function ask(
  { outgoing }: Context,
  remote: RemoteService,
  { target, path }: { target: Target; path: string },
): Promise<OutgoingAnswer> {
  return outgoing.ask(target, {
    method: 'GET',
    path,
    headers: {
      host: serverNameOf(remote),
      accept: 'application/json',
      'user-agent': 'kube-aggregator',
      ...frontProxyHeaders(AGGREGATOR),
    },
    timeoutMs: outgoingLimits.discoveryTimeoutMs,
    bodyBytesMax: outgoingLimits.documentBytesMax,
  })
}
