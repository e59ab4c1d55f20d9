// The type of a kind's objects, from its published schema. Fields are read as they are asked for: the
// schemas of Kubernetes go round in circles.
import { canBeNamed, escapeName, unescapeName } from '../../cel/json-value.ts'
import type { CelType } from '../../cel/types.ts'
import { BOOL, BYTES, DOUBLE, DYN, INT, listOf, mapOf, STRING, TIMESTAMP } from '../../cel/types.ts'
import type { ServedResource } from '../../resources.ts'
import { builtinSchemas } from '../../schema/builtin-schemas.ts'
import type { Schema } from '../../schema/schema.ts'
import { resolveSchema, schemaRef } from '../../schema/schema.ts'

export function objectTypeOf({ custom, schema, openApiSchema, kind }: ServedResource): CelType {
  if (custom) return openApiSchema === undefined ? DYN : typeOf(openApiSchema, kind)
  return typeOf(schemaRef(schema), kind)
}

/** Numbers or text: rules ask which. */
const FREE = new Set([
  'io.k8s.apimachinery.pkg.api.resource.Quantity',
  'io.k8s.apimachinery.pkg.util.intstr.IntOrString',
])

function typeOf(given: Schema, path: string): CelType {
  const { schema, name } = resolveSchema(builtinSchemas, given)
  if (name !== undefined && FREE.has(name)) return DYN
  switch (schema.type) {
    case 'boolean':
      return BOOL
    case 'integer':
      return INT
    case 'number':
      return DOUBLE
    case 'string':
      if (schema.format === 'date-time') return TIMESTAMP
      return schema.format === 'byte' ? BYTES : STRING
    case 'array':
      return listOf(typeOf(schema.items ?? {}, `${path}.@idx`))
    case 'object':
      return objectType(schema, name ?? path)
    default:
      return DYN
  }
}

function objectType(schema: Schema, path: string): CelType {
  const values = schema.additionalProperties
  if (typeof values === 'object') return mapOf(STRING, typeOf(values, `${path}.@elem`))
  const { properties } = schema
  const isOpen = schema['x-kubernetes-preserve-unknown-fields'] === true || values === true
  if (properties === undefined || isOpen) return DYN
  return {
    kind: 'object',
    name: path,
    propertyOf: unescapeName,
    field(field) {
      const name = unescapeName(field)
      if (!Object.hasOwn(properties, name) || !canBeNamed(name)) return undefined
      return escapeName(name) === field ? typeOf(properties[name]!, `${path}.${name}`) : undefined
    },
  }
}
