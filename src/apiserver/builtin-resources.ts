// Serves a built-in kind by its definition and its published schema.
import type { KindDefinition } from '#kinds/definition.ts'
import type { KindRef } from '#kinds/ref.ts'
import type { Verb } from './request-info.ts'
import type { ResourceForm, ServedResource } from './resources.ts'
import { prefixFor } from './resources.ts'
import { builtinSchemas } from './schema/builtin-schemas.ts'
import { decodeBySchema } from './schema/decode.ts'

const ALL_VERBS: readonly Verb[] = [
  'create',
  'delete',
  'deletecollection',
  'get',
  'list',
  'patch',
  'update',
  'watch',
]

/** Deleting all namespaces at once is not offered, as in Kubernetes. */
const isNamespace = (definition: KindDefinition) =>
  definition.ref.group === '' && definition.ref.kind === 'Namespace'

function verbsOf(definition: KindDefinition): readonly Verb[] {
  if (definition.isComputed) return ['get', 'list']
  return isNamespace(definition)
    ? ALL_VERBS.filter((verb) => verb !== 'deletecollection')
    : ALL_VERBS
}

/** The kind as it is stored, and the other forms it is served in. */
export function builtinResources(definition: KindDefinition): ServedResource[] {
  const verbs = verbsOf(definition)
  const serve = (ref: KindRef, schema: string, form?: ResourceForm): ServedResource => ({
    definition,
    group: ref.group,
    version: ref.version,
    kind: ref.kind,
    listKind: `${ref.kind}List`,
    plural: ref.plural,
    namespaced: ref.namespaced,
    apiVersion: ref.group === '' ? ref.version : `${ref.group}/${ref.version}`,
    prefix: prefixFor(definition.ref.group, definition.ref.plural),
    schema,
    custom: false,
    verbs,
    decode: (value) => decodeBySchema(builtinSchemas, schema, value),
    ...(form === undefined ? {} : { form }),
  })
  const others = definition.alsoServedAs ?? []
  return [
    serve(definition.ref, definition.schema),
    ...others.map((other) => serve(other.ref, other.schema, other)),
  ]
}
