// Kubernetes' `quantity(...)`.
import type { ParsedQuantity } from '#kinds/quantity.ts'
import { formatQuantity, parseQuantity, QuantityError } from '#kinds/quantity.ts'
import { CelError, Opaque } from '../values.ts'
import { checkInt } from './arithmetic.ts'
import type { Overload } from './define.ts'
import { globalFunction, memberFunction, traversal } from './define.ts'

const NANOS = 1_000_000_000n

class QuantityValue extends Opaque {
  override readonly typeName = 'kubernetes.Quantity'
  readonly quantity: ParsedQuantity

  constructor(quantity: ParsedQuantity) {
    super()
    this.quantity = quantity
  }

  override equals(other: Opaque): boolean {
    return other instanceof QuantityValue && other.quantity.nanos === this.quantity.nanos
  }
}

function read(text: string): QuantityValue | QuantityError {
  try {
    return new QuantityValue(parseQuantity(text))
  } catch (error) {
    if (error instanceof QuantityError) return error
    throw error
  }
}

function required(text: string): QuantityValue {
  const found = read(text)
  if (found instanceof QuantityError) throw new CelError(found.message)
  return found
}

const nanosOf = (value: Opaque): bigint => (value as QuantityValue).quantity.nanos

function order(one: Opaque, other: Opaque): bigint {
  const difference = nanosOf(one) - nanosOf(other)
  if (difference === 0n) return 0n
  return difference < 0n ? -1n : 1n
}

function plus(value: Opaque, nanos: bigint): QuantityValue {
  const { quantity } = value as QuantityValue
  return new QuantityValue({ ...quantity, nanos: quantity.nanos + nanos })
}

function asInteger(value: Opaque): bigint {
  const nanos = nanosOf(value)
  if (nanos % NANOS !== 0n) throw new CelError('cannot convert value to integer')
  return checkInt(nanos / NANOS, 'cannot convert value to integer')
}

const KIND = 'kubernetes.Quantity'
const reading = { cost: traversal }

export const quantity: readonly Overload[] = [
  globalFunction('quantity', ['string'], KIND, required, reading),
  globalFunction(
    'isQuantity',
    ['string'],
    'bool',
    (text) => read(text) instanceof QuantityValue,
    reading,
  ),
  globalFunction('string', [KIND], 'string', (value) =>
    formatQuantity((value as QuantityValue).quantity),
  ),
  memberFunction('sign', [KIND], 'int', (value) =>
    nanosOf(value) > 0n ? 1n : nanosOf(value) < 0n ? -1n : 0n,
  ),
  memberFunction('isInteger', [KIND], 'bool', (value) => nanosOf(value) % NANOS === 0n),
  memberFunction('asInteger', [KIND], 'int', asInteger),
  memberFunction('asApproximateFloat', [KIND], 'double', (value) => Number(nanosOf(value)) / 1e9),
  memberFunction('compareTo', [KIND, KIND], 'int', order),
  memberFunction('isGreaterThan', [KIND, KIND], 'bool', (one, other) => order(one, other) > 0n),
  memberFunction('isLessThan', [KIND, KIND], 'bool', (one, other) => order(one, other) < 0n),
  memberFunction('add', [KIND, KIND], KIND, (one, other) => plus(one, nanosOf(other))),
  memberFunction('add', [KIND, 'int'], KIND, (one, count) => plus(one, count * NANOS)),
  memberFunction('sub', [KIND, KIND], KIND, (one, other) => plus(one, -nanosOf(other))),
  memberFunction('sub', [KIND, 'int'], KIND, (one, count) => plus(one, -count * NANOS)),
]
