// Rules that claims and volumes share.
import type { FieldError } from '../definition.ts'
import type { Quantity } from '../object.ts'
import { compareQuantities } from '../quantity.ts'
import { forbidden, invalid, notSupported } from './field-error.ts'

const ACCESS_MODES = ['ReadOnlyMany', 'ReadWriteMany', 'ReadWriteOnce', 'ReadWriteOncePod']
export const VOLUME_MODES = ['Block', 'Filesystem']

export function validateAccessModes(modes: readonly string[], field: string): FieldError[] {
  const errors = modes.flatMap((mode) =>
    ACCESS_MODES.includes(mode) ? [] : [notSupported(field, mode, ACCESS_MODES)],
  )
  if (modes.includes('ReadWriteOncePod') && modes.some((mode) => mode !== 'ReadWriteOncePod'))
    errors.push(forbidden(field, 'may not use ReadWriteOncePod with other access modes'))
  return errors
}

export const validatePositive = (field: string, amount: Quantity): FieldError[] =>
  compareQuantities(amount, 0) > 0
    ? []
    : [invalid(field, String(amount), 'must be greater than zero')]
