// What a mutation of a policy makes of an object.
import { toJson } from '../../cel/json-value.ts'
import type { CelValue } from '../../cel/values.ts'
import { CelError } from '../../cel/values.ts'
import { isRecord } from '../../body.ts'
import { applyJsonPatch, isJsonPatch } from '../../patch/json-patch.ts'
import { PatchError, TestFailedError } from '../../patch/patch-error.ts'
import type { ServedResource } from '../../resources.ts'
import { mergeConfiguration } from './merge-configuration.ts'

export type PatchKind = 'ApplyConfiguration' | 'JSONPatch'

/** A new document; the one given stays as it is. Throws CelError for what does not fit. */
export function mutate(
  kind: PatchKind,
  resource: ServedResource,
  document: Record<string, unknown>,
  value: CelValue,
): unknown {
  const change = toJson(value)
  try {
    return kind === 'JSONPatch' ? patched(document, change) : merged(resource, document, change)
  } catch (error) {
    // A test that does not hold means: not for this object.
    if (error instanceof TestFailedError) return document
    if (error instanceof PatchError) throw new CelError(`JSONPath: ${error.message}`)
    throw error
  }
}

function patched(document: Record<string, unknown>, change: unknown): unknown {
  if (!isJsonPatch(change))
    throw new CelError(
      'type mismatch: JSONPatchType.expression should evaluate to array of JSONPatch',
    )
  return applyJsonPatch(structuredClone(document), change)
}

/** Lists merge by the keys that the kind's schema names. */
function merged(
  resource: ServedResource,
  document: Record<string, unknown>,
  change: unknown,
): unknown {
  if (!isRecord(change))
    throw new CelError('type mismatch: ApplyConfigurationType.expression should evaluate to Object')
  return mergeConfiguration(resource, document, change)
}
