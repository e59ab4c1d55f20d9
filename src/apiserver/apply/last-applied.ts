// The hand-over from client-side apply: kubectl leaves what it applied in an annotation, and may take those
// fields back by server-side apply without a conflict.
import type { KubeObject } from '#kinds/object.ts'
import { isRecord } from '../body.ts'
import { compare } from './compare.ts'
import { difference, type FieldTree, recursiveDifference } from './field-tree.ts'
import { fieldsOf } from './fields-of.ts'
import { manageable } from './typed-object.ts'
import type { ValueType } from './value-type.ts'

const ANNOTATION = 'kubectl.kubernetes.io/last-applied-configuration'
/** As Kubernetes bounds all annotations together. */
const LENGTH_MAX = 256 * 1024

export const KUBECTL = 'kubectl'

function annotationOf(object: KubeObject): Record<string, unknown> | undefined {
  const text = object.metadata.annotations?.[ANNOTATION]
  if (text === undefined) return undefined
  try {
    const value: unknown = JSON.parse(text)
    return isRecord(value) ? value : undefined
  } catch (error) {
    // Anyone may write the annotation: one that cannot be read hands nothing over.
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}

/** Fields that client-side apply set and nobody has changed since. */
export function handedOver(type: ValueType, shown: KubeObject): FieldTree | undefined {
  const last = annotationOf(shown)
  if (last === undefined || last['apiVersion'] !== shown.apiVersion) return undefined
  const config = manageable(last)
  const { added, modified } = compare(type, config, manageable(shown))
  return difference(recursiveDifference(fieldsOf(type, config), modified), added)
}

/** Keeps the annotation true, for clients that still read it. */
export function withLastApplied(
  object: Record<string, unknown>,
  config: Record<string, unknown>,
): Record<string, unknown> {
  const metadata = object['metadata'] as KubeObject['metadata']
  if (metadata.annotations?.[ANNOTATION] === undefined) return object
  const text = `${JSON.stringify(config)}\n`
  const annotations: Record<string, string> = { ...metadata.annotations, [ANNOTATION]: text }
  if (text.length > LENGTH_MAX) delete annotations[ANNOTATION]
  return { ...object, metadata: { ...metadata, annotations } }
}
