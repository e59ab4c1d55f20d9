// What is wrong with a configuration to apply, before it is merged with anything.
import { isRecord } from '../body.ts'
import { elementOf, ItemError } from './list-items.ts'
import { elementText } from './path-text.ts'
import type { ListType, MapType, ValueType } from './value-type.ts'

/** In the words of Kubernetes: `.spec.replicas: expected numeric (int or float), got string`. */
export function problemsOf(type: ValueType, value: unknown, path = ''): string[] {
  if (value === null || value === undefined) return []
  switch (type.kind) {
    case 'map':
      return isRecord(value)
        ? mapProblems(type, value, path)
        : [`${path}: expected map, got ${goValue(value)}`]
    case 'list':
      return Array.isArray(value)
        ? listProblems(type, value, path)
        : [`${path}: expected list, got ${goValue(value)}`]
    case 'scalar':
      return scalarProblems(type.accepts, value, path)
    default:
      return []
  }
}

function mapProblems(type: MapType, value: Record<string, unknown>, path: string): string[] {
  return Object.entries(value).flatMap(([key, item]) => {
    const field = type.field(key)
    const at = `${path}.${key}`
    return field === undefined
      ? [`${at}: field not declared in schema`]
      : problemsOf(field.type, item, at)
  })
}

function listProblems(type: ListType, items: readonly unknown[], path: string): string[] {
  const seen = new Set<string>()
  return items.flatMap((item, index) => {
    try {
      const element = elementOf(type, item, index)
      if (seen.has(element)) return [`${path}: duplicate entries for key ${elementText(element)}`]
      seen.add(element)
      return problemsOf(type.item, item, `${path}${elementText(element)}`)
    } catch (error) {
      if (error instanceof ItemError) return [`${path}: ${error.message}`]
      throw error
    }
  })
}

const EXPECTED = { string: 'string', number: 'numeric (int or float)', boolean: 'boolean' } as const

function scalarProblems(
  accepts: 'string' | 'number' | 'boolean' | 'any',
  value: unknown,
  path: string,
): string[] {
  if (accepts === 'any' ? typeof value !== 'object' : typeof value === accepts) return []
  if (accepts === 'any') return [`${path}: expected scalar, got ${goValue(value)}`]
  return [`${path}: expected ${EXPECTED[accepts]}, got ${goValue(value)}`]
}

const goValue = (value: unknown): string =>
  typeof value === 'object'
    ? `&value.${Array.isArray(value) ? 'list' : 'map'}Unstructured`
    : `&value.valueUnstructured{Value:${JSON.stringify(value)}}`
