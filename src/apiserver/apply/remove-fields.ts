// A value without some of its fields.
import { type FieldTree, isMember } from './field-tree.ts'
import { shapeOf } from './fields-of.ts'
import { elementOf } from './list-items.ts'
import type { ListType, MapType, ValueType } from './value-type.ts'

/** A copy without the members of `fields`; undefined when nothing is left of a map or list. */
export function removeFields(
  type: ValueType,
  value: unknown,
  fields: FieldTree | undefined,
): unknown {
  if (fields === undefined || value === null || value === undefined) return value
  const shape = shapeOf(type, value)
  if (shape === 'leaf') return value
  return shape.kind === 'map'
    ? removeFromMap(shape, value as Record<string, unknown>, fields)
    : removeFromList(shape, value as unknown[], fields)
}

function removeFromMap(
  type: MapType,
  value: Record<string, unknown>,
  fields: FieldTree,
): Record<string, unknown> | undefined {
  const left: Record<string, unknown> = {}
  const keys = Object.keys(value)
  for (const key of keys) {
    const item = removeItem(
      type.field(key)?.type ?? { kind: 'atomic' },
      value[key],
      fields[`f:${key}`],
    )
    if (item !== undefined) left[key] = item
  }
  return keys.length > 0 && Object.keys(left).length === 0 ? undefined : left
}

function removeFromList(
  type: ListType,
  items: readonly unknown[],
  fields: FieldTree,
): unknown[] | undefined {
  const left = items
    .map((item, index) => removeItem(type.item, item, fields[elementOf(type, item, index)]))
    .filter((item) => item !== undefined)
  return items.length > 0 && left.length === 0 ? undefined : left
}

function removeItem(type: ValueType, value: unknown, fields: FieldTree | undefined): unknown {
  if (fields === undefined) return value
  return isMember(fields) ? undefined : removeFields(type, value, fields)
}
