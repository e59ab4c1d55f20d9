// What a request is about, as an event names it.
import type { AuditObjectReference } from '#kinds/k8s/audit.ts'
import { isRecord, parsedBody } from '../body.ts'
import type { Call, Outcome } from '../context.ts'
import type { RequestInfo, ResourceRequest } from '../request-info.ts'

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
  const { resource, subresource, group, version } = info
  const sent = metadataOf(parsedBody(call?.request.body))
  const text = (field: string): string | undefined => textOf(sent[field])
  const name = info.name ?? text('name') ?? madeName(info, outcome)
  const namespace = info.namespace ?? text('namespace')
  const uid = text('uid')
  const resourceVersion = text('resourceVersion')
  const reference: AuditObjectReference = { resource }
  if (namespace !== undefined && namespace !== '') reference.namespace = namespace
  if (name !== undefined) reference.name = name
  if (uid !== undefined) reference.uid = uid
  if (group !== '') reference.apiGroup = group
  reference.apiVersion = version
  if (resourceVersion !== undefined) reference.resourceVersion = resourceVersion
  if (subresource !== undefined) reference.subresource = subresource
  return reference
}

const madeName = ({ verb }: ResourceRequest, outcome: Outcome | undefined): string | undefined =>
  verb === 'create' && outcome?.type === 'object'
    ? textOf(metadataOf(outcome.object)['name'])
    : undefined

const textOf = (value: unknown): string | undefined =>
  typeof value === 'string' && value !== '' ? value : undefined

function metadataOf(object: unknown): Record<string, unknown> {
  const metadata = isRecord(object) ? object['metadata'] : undefined
  return isRecord(metadata) ? metadata : {}
}
