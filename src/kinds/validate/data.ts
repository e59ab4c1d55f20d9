// Keys and size of a ConfigMap's or Secret's data.
import type { FieldError } from '../definition.ts'
import { checkDataKey } from '../names.ts'
import { deepEqual } from './equal.ts'
import { forbidden, invalidEach, tooLong } from './field-error.ts'

const DATA_BYTES_MAX = 1024 * 1024

type Data = Record<string, string> | undefined

export function validateDataKeys(data: Data, field: string): FieldError[] {
  return Object.keys(data ?? {}).flatMap((key) =>
    invalidEach(`${field}[${key}]`, key, checkDataKey(key)),
  )
}

/** Bytes of values of which `encoded` are base64. */
export function sizeOf({ plain, encoded }: { plain?: Data; encoded?: Data }): number {
  let sizeBytes = 0
  for (const value of Object.values(plain ?? {})) sizeBytes += Buffer.byteLength(value)
  for (const value of Object.values(encoded ?? {})) sizeBytes += Buffer.byteLength(value, 'base64')
  return sizeBytes
}

export function validateDataSize(sizeBytes: number, field: string): FieldError[] {
  return sizeBytes > DATA_BYTES_MAX ? [tooLong(field, DATA_BYTES_MAX)] : []
}

interface MaybeImmutable {
  immutable?: boolean | undefined
}

/** An object marked `immutable` keeps the mark and the named fields. */
export function validateImmutableData<T extends MaybeImmutable>(
  object: T,
  old: T,
  fields: readonly (keyof T & string)[],
): FieldError[] {
  if (!old.immutable) return []
  const detail = 'field is immutable when `immutable` is set'
  const errors = object.immutable ? [] : [forbidden('immutable', detail)]
  for (const field of fields)
    if (!deepEqual(object[field] ?? {}, old[field] ?? {})) errors.push(forbidden(field, detail))
  return errors
}
