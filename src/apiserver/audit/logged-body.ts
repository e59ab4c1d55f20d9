// Bodies as events hold them.
import { StatusError } from '#base/errors.ts'
import { isRecord, parseBody } from '../body.ts'
import type { Call, Outcome } from '../context.ts'
import { shown } from '../resources.ts'
import { auditLimits } from './audit-limits.ts'

/** What was sent, as a value of its own: what answers the request may change the one it reads. */
export function loggedRequest({ request }: Call): unknown {
  const { body } = request
  if (body === undefined || (body.type === 'text' && body.text === '')) return undefined
  if (body.type === 'value') return structuredClone(body.value)
  try {
    return parseBody(body, '').value
  } catch (error) {
    // Whoever reads it to answer will say what is wrong with it.
    if (error instanceof StatusError) return undefined
    throw error
  }
}

/** What was answered, where that is an object or a list. A long list is cut off: what is too large is left out anyway. */
export function loggedResponse(outcome: Outcome): unknown {
  if (outcome.type === 'object') return outcome.object
  if (outcome.type !== 'list') return undefined
  const { resource, metadata } = outcome
  const items: unknown[] = []
  let length = 0
  for (const { object } of outcome.items) {
    const item = shown(resource, object)
    items.push(item)
    length += JSON.stringify(item).length
    if (length > auditLimits.bodyBytesMax) break
  }
  return { kind: resource.listKind, apiVersion: resource.apiVersion, metadata, items }
}

/** Of an object, or of each of a list. */
export function withoutManagedFields(body: unknown): unknown {
  if (!isRecord(body)) return body
  const { metadata, items } = body
  if (Array.isArray(items)) return { ...body, items: items.map(withoutManagedFields) }
  if (!isRecord(metadata) || metadata['managedFields'] === undefined) return body
  const { managedFields: _managedFields, ...rest } = metadata
  return { ...body, metadata: rest }
}

/** As many as there is room for; `mark` is set when some are left out. */
export function boundedAnnotations(
  annotations: Readonly<Record<string, string>>,
  mark: string,
): Record<string, string> {
  const kept: Record<string, string> = {}
  let length = 0
  for (const [key, value] of Object.entries(annotations)) {
    length += key.length + value.length
    if (length <= auditLimits.annotationsBytesMax) kept[key] = value
    else kept[mark] = 'true'
  }
  return kept
}
