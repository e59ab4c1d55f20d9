// What a request is about, as an event names it.
import type { AuditObjectReference } from '#kinds/k8s/audit.ts'
import { isRecord, parsedBody } from '../body.ts'
import type { Call, Outcome } from '../context.ts'
import type { RequestInfo } from '../request-info.ts'

/**
 * As the path says, and where that is silent as the body of the request does. A name that the server made up is taken
 * from the answer: Kubernetes leaves it out, and then nobody finds the object.
 */
export function referenceOf(
  info: RequestInfo,
  call: Call | undefined,
  outcome: Outcome | undefined,
): AuditObjectReference | undefined {
  if (info.type === 'path') return undefined
  const { resource, namespace, name, subresource, group, version } = info
  const sent = metadataOf(parsedBody(call?.request.body))
  const text = (field: string): string | undefined => textOf(sent[field])
  const isMade = info.verb === 'create' && name === undefined && text('name') === undefined
  const made = isMade && outcome?.type === 'object' ? metadataOf(outcome.object) : {}
  return withoutEmpty({
    resource,
    namespace: namespace ?? text('namespace'),
    name: name ?? text('name') ?? textOf(made['name']),
    uid: text('uid'),
    apiGroup: group,
    apiVersion: version,
    resourceVersion: text('resourceVersion'),
    subresource,
  })
}

const textOf = (value: unknown): string | undefined =>
  typeof value === 'string' && value !== '' ? value : undefined

function metadataOf(object: unknown): Record<string, unknown> {
  const metadata = isRecord(object) ? object['metadata'] : undefined
  return isRecord(metadata) ? metadata : {}
}

function withoutEmpty(
  reference: Record<keyof AuditObjectReference, string | undefined>,
): AuditObjectReference {
  const given = Object.entries(reference).filter(([, value]) => value !== undefined && value !== '')
  return Object.fromEntries(given)
}
