// For tests of kinds: what is wrong with an object as the API server would find it, one line each.
import type { KindDefinition } from './definition.ts'
import { apiVersionOf } from './meta.ts'
import type { KubeObject } from './object.ts'

export type Body = Record<string, unknown> & { metadata?: Record<string, unknown> }

/** A new object of the kind with its defaults, named "a" unless the body says otherwise. */
export function made<T extends KubeObject>(kind: KindDefinition<T>, body: Body): T {
  const { ref } = kind
  const metadata = { name: 'a', ...(ref.namespaced ? { namespace: 'n' } : {}), ...body.metadata }
  // Bodies of tests are also such as the types do not allow.
  const object = structuredClone({
    apiVersion: apiVersionOf(ref),
    kind: ref.kind,
    ...body,
    metadata,
  }) as unknown as T
  kind.defaults(object)
  return object
}

/** "field: message" of each error, on create or, with `old`, on update. */
export function errorsOf<T extends KubeObject>(
  kind: KindDefinition<T>,
  body: Body,
  old?: Body,
): string[] {
  return kind
    .validate(made(kind, body), old === undefined ? undefined : made(kind, old))
    .map(({ field, message }) => `${field}: ${message}`)
}
