// Counts in the status of a kind that owns pods.
import type { FieldError } from '../definition.ts'
import { invalid, nonNegative } from './field-error.ts'

/** None may be below 0, and what counts collisions never goes back. */
export function validateCounts<Key extends string>(
  status: { readonly [K in Key]?: number | undefined } | undefined,
  old: { readonly [K in Key]?: number | undefined } | undefined,
  names: readonly Key[],
): FieldError[] {
  if (status === undefined) return []
  const errors = names.flatMap((name) => nonNegative(`status.${name}`, status[name]))
  const collisions = names.find((name) => name === 'collisionCount')
  const before = collisions === undefined ? 0 : (old?.[collisions] ?? 0)
  const after = collisions === undefined ? 0 : (status[collisions] ?? 0)
  if (after < before) errors.push(invalid('status.collisionCount', after, 'cannot be decremented'))
  return errors
}
