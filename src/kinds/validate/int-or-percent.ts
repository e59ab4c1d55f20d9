import type { FieldError } from '../definition.ts'
import type { IntOrString } from '../object.ts'
import { percentOf } from '../int-or-string.ts'
import { invalid, nonNegative } from './field-error.ts'

export function validateIntOrPercent(field: string, value: IntOrString): FieldError[] {
  if (typeof value === 'number') return nonNegative(field, value)
  return percentOf(value) === undefined
    ? [invalid(field, value, "must be an integer or percentage (e.g '5%%')")]
    : []
}

/** A percentage of something that cannot be more than all of it. */
export function validateAtMostWhole(field: string, value: IntOrString): FieldError[] {
  return (percentOf(value) ?? 0) > 100
    ? [invalid(field, value, 'must not be greater than 100%')]
    : []
}
