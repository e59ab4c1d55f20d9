// Names of Go types, because Kubernetes' decoding errors speak of them.
import type { Schema, SchemaSet } from './schema.ts'
import { refName, resolveSchema } from './schema.ts'

/** "io.k8s.api.core.v1.PodSpec" is "PodSpec". */
export const shortName = (name: string): string => name.slice(name.lastIndexOf('.') + 1)

/** "io.k8s.api.core.v1.PodSpec" is "v1.PodSpec". */
const packagedName = (name: string): string => name.split('.').slice(-2).join('.')

export function goType(set: SchemaSet, schema: Schema): string {
  const name = refName(schema)
  if (name !== undefined) return packagedName(name)
  const { schema: target } = resolveSchema(set, schema)
  switch (target.type) {
    case 'string':
      return target.format === 'byte' ? '[]uint8' : 'string'
    case 'boolean':
      return 'bool'
    case 'integer':
      return target.format ?? 'int64'
    case 'number':
      return 'float64'
    case 'array':
      return `[]${goType(set, target.items ?? {})}`
    case 'object': {
      const values = target.additionalProperties
      return typeof values === 'object'
        ? `map[string]${goType(set, values)}`
        : 'map[string]interface {}'
    }
    default:
      return 'interface {}'
  }
}

/** What Go's decoder calls a JSON value in "cannot unmarshal X into ...". */
export function jsonType(value: unknown): string {
  if (Array.isArray(value)) return 'array'
  if (typeof value === 'boolean') return 'bool'
  return typeof value
}
