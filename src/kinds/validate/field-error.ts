// Makes field errors in the words of Kubernetes' field package: what is wrong, and with which value.
import type { FieldError } from '../definition.ts'

/** Strings are quoted, objects are JSON, numbers stand as they are. */
function shown(value: unknown): string {
  if (value === undefined) return 'null'
  return JSON.stringify(value)
}

const withDetail = (text: string, detail: string | undefined): string =>
  detail === undefined || detail === '' ? text : `${text}: ${detail}`

export function required(field: string, detail?: string): FieldError {
  return { field, reason: 'FieldValueRequired', message: withDetail('Required value', detail) }
}

export function invalid(field: string, value: unknown, detail: string): FieldError {
  return {
    field,
    reason: 'FieldValueInvalid',
    message: withDetail(`Invalid value: ${shown(value)}`, detail),
  }
}

/** The labels of a template that its owner's selector does not match; maps are shown in order of keys. */
export function labelsNotMatched(
  field: string,
  labels: Readonly<Record<string, string>> | undefined,
): FieldError {
  const sorted = Object.entries(labels ?? {}).toSorted(([a], [b]) => (a < b ? -1 : 1))
  return invalid(field, Object.fromEntries(sorted), '`selector` does not match template `labels`')
}

/** Of a thing whose parts do not go together: the value is not shown. */
export function invalidAsWhole(field: string, detail: string): FieldError {
  return { field, reason: 'FieldValueInvalid', message: `Invalid value: ${detail}` }
}

export function duplicate(field: string, value: unknown): FieldError {
  return { field, reason: 'FieldValueDuplicate', message: `Duplicate value: ${shown(value)}` }
}

export function forbidden(field: string, detail: string): FieldError {
  return { field, reason: 'FieldValueForbidden', message: withDetail('Forbidden', detail) }
}

export function notFoundValue(field: string, value: unknown): FieldError {
  return { field, reason: 'FieldValueNotFound', message: `Not found: ${shown(value)}` }
}

export function notSupported(
  field: string,
  value: unknown,
  supported: readonly string[],
): FieldError {
  const choices = supported.map((choice) => JSON.stringify(choice)).join(', ')
  return {
    field,
    reason: 'FieldValueNotSupported',
    message: `Unsupported value: ${shown(value)}: supported values: ${choices}`,
  }
}

export function tooLong(field: string, lengthMax: number): FieldError {
  return {
    field,
    reason: 'FieldValueTooLong',
    message: `Too long: may not be more than ${lengthMax} bytes`,
  }
}

export function tooMany(field: string, actual: number, itemsMax: number): FieldError {
  return {
    field,
    reason: 'FieldValueTooMany',
    message: `Too many: ${actual}: must have at most ${itemsMax} items`,
  }
}

/** One Invalid for each message about `value`. */
export function invalidEach(
  field: string,
  value: unknown,
  messages: readonly string[],
): FieldError[] {
  return messages.map((message) => invalid(field, value, message))
}

/** Nothing when `value` is unset or one of `supported`. */
export function oneOf(
  field: string,
  value: string | undefined,
  supported: readonly string[],
): FieldError[] {
  if (value === undefined || supported.includes(value)) return []
  return [notSupported(field, value, supported)]
}

export const IMMUTABLE = 'field is immutable'

/** Nothing when `value` is unset or at least 0. */
export function nonNegative(field: string, value: number | undefined): FieldError[] {
  if (value === undefined || value >= 0) return []
  return [invalid(field, value, 'must be greater than or equal to 0')]
}
