// The published schemas of Kubernetes' own kinds with what `kubectl explain` says of them.
import {
  COMMON_FIELDS,
  readDescriptions,
  type TypeDescription,
} from '#kinds/k8s/descriptions/read-descriptions.ts'
import { builtinSchemas } from '../schema/builtin-schemas.ts'
import type { Schema, SchemaSet } from '../schema/schema.ts'

let described: SchemaSet | undefined

/** Put together when it is asked for the first time, and kept for all clusters of the process. */
export function describedSchemas(): SchemaSet {
  described ??= describe(readDescriptions())
  return described
}

const describe = (descriptions: ReadonlyMap<string, TypeDescription>): SchemaSet =>
  Object.fromEntries(
    Object.entries(builtinSchemas).map(([name, schema]) => [
      name,
      withDescription(schema, descriptions.get(name)),
    ]),
  )

function withDescription(schema: Schema, texts: TypeDescription = {}): Schema {
  const whole = texts[''] === undefined ? schema : { ...schema, description: texts[''] }
  if (schema.properties === undefined) return whole
  const properties = Object.entries(schema.properties).map(([field, value]) => {
    const description = texts[field] ?? COMMON_FIELDS[field]
    // Beside a reference nothing else counts.
    const isPlain = description === undefined || '$ref' in value
    return [field, isPlain ? value : { description, ...value }]
  })
  return { ...whole, properties: Object.fromEntries(properties) as Record<string, Schema> }
}
