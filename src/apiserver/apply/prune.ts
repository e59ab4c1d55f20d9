// Removes what a manager applied before, applies no more, and nobody else manages.
import { difference, type FieldTree, intersection, union } from './field-tree.ts'
import { fieldsOf, withNamedFields } from './fields-of.ts'
import { removeFields } from './remove-fields.ts'
import type { ValueType } from './value-type.ts'

export interface Ownership {
  /** What the manager applied last time. */
  last: FieldTree | undefined
  /** What anybody manages now, the manager's new fields included. */
  managed: FieldTree | undefined
}

/**
 * Fields that hold others count as owned by whoever owns one below. What the manager did not own stays,
 * even when nobody owns it.
 */
export function prune(type: ValueType, merged: unknown, { last, managed }: Ownership): unknown {
  const owned = withNamedFields(type, last)
  if (owned === undefined) return merged
  const all = (value: unknown) => withNamedFields(type, fieldsOf(type, value))
  const present = all(merged)
  const without = removeFields(type, merged, owned)
  const kept = union(all(without), withNamedFields(type, managed))
  const backed = removeFields(type, merged, difference(present, kept))
  const gone = difference(present, all(backed))
  return removeFields(type, merged, intersection(gone, owned)) ?? {}
}
