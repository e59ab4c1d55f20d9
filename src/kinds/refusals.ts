// What a kind finds wrong with an object, as tests compare it: one line for each error.
import type { KindDefinition, Subresource } from './definition.ts'
import { apiVersionOf } from './meta.ts'
import type { KubeObject } from './object.ts'

/** JSON as a client would send it. */
type Sent = Record<string, unknown>

export const UID = '7a3c5d1e-0000-4000-8000-000000000001'

/** The object a create would store. */
export function completed<T extends KubeObject>(kind: KindDefinition<T>, sent: Sent): T {
  const object = structuredClone({
    apiVersion: apiVersionOf(kind.ref),
    kind: kind.ref.kind,
    metadata: { name: 'x', ...(kind.ref.namespaced ? { namespace: 'n' } : {}), uid: UID },
    ...sent,
  }) as unknown as T
  kind.defaults(object)
  kind.prepare?.(object, undefined, undefined)
  return object
}

const linesOf = (errors: readonly { field: string; message: string }[]): string[] =>
  errors.map(({ field, message }) => `${field}: ${message}`)

export function refusalsOf<T extends KubeObject>(kind: KindDefinition<T>, sent: Sent): string[] {
  return linesOf(kind.validate(completed(kind, sent), undefined))
}

/** What is wrong with changing `sent` so. */
export function updateRefusals<T extends KubeObject>(
  kind: KindDefinition<T>,
  sent: Sent,
  change: (draft: T) => void,
  subresource?: Subresource,
): string[] {
  const old = completed(kind, sent)
  const draft = structuredClone(old)
  change(draft)
  kind.defaults(draft)
  kind.prepare?.(draft, old, subresource)
  return linesOf(kind.validate(draft, old, subresource))
}
