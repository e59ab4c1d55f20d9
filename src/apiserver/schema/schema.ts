// The part of OpenAPI v3 that Kubernetes' published schemas use, and the set of them.

export interface Schema {
  $ref?: string
  allOf?: Schema[]
  oneOf?: Schema[]
  type?: string
  format?: string
  properties?: Record<string, Schema>
  additionalProperties?: Schema | boolean
  items?: Schema
  required?: string[]
  enum?: unknown[]
  default?: unknown
  description?: string
  nullable?: boolean
  'x-kubernetes-patch-merge-key'?: string
  'x-kubernetes-patch-strategy'?: string
  'x-kubernetes-list-type'?: string
  'x-kubernetes-map-type'?: string
  'x-kubernetes-list-map-keys'?: string[]
  'x-kubernetes-group-version-kind'?: { group: string; version: string; kind: string }[]
  'x-kubernetes-preserve-unknown-fields'?: boolean
  'x-kubernetes-int-or-string'?: boolean
  'x-kubernetes-embedded-resource'?: boolean
}

export type SchemaSet = Readonly<Record<string, Schema>>

const REF_PREFIX = '#/components/schemas/'

export const schemaRef = (name: string): Schema => ({ $ref: `${REF_PREFIX}${name}` })

export function refName(schema: Schema): string | undefined {
  const ref = schema.$ref ?? (schema.allOf?.length === 1 ? schema.allOf[0]!.$ref : undefined)
  return ref?.slice(REF_PREFIX.length)
}

export interface NamedSchema {
  schema: Schema
  /** Name in the set, when the schema is one of the named ones. */
  name: string | undefined
}

/** Follows references to what they name. Throws when the set lacks it: the set is broken. */
export function resolveSchema(set: SchemaSet, schema: Schema): NamedSchema {
  const name = refName(schema)
  if (name === undefined) return { schema, name: undefined }
  const target = set[name]
  if (target === undefined) throw new Error(`schema ${name} is referred to but not there`)
  return { schema: target, name }
}
