// Quantities ("500m", "2Gi", "1e3"), exact to a billionth as Kubernetes' resource.Quantity is:
// kept as a bigint of billionths with the notation they were written in.
import type { Quantity } from './object.ts'

export type QuantityFormat = 'decimal' | 'binary' | 'exponent'

export interface ParsedQuantity {
  nanos: bigint
  format: QuantityFormat
}

const NANOS = 1_000_000_000n
/** Larger magnitudes are cut to the range of a signed 64 bit integer. */
const VALUE_MAX = 2n ** 63n - 1n

const DECIMAL_EXPONENTS: Readonly<Record<string, number>> = {
  n: -9,
  u: -6,
  m: -3,
  '': 0,
  k: 3,
  M: 6,
  G: 9,
  T: 12,
  P: 15,
  E: 18,
}
const BINARY_SUFFIXES = ['', 'Ki', 'Mi', 'Gi', 'Ti', 'Pi', 'Ei'] as const
const DECIMAL_SUFFIXES = new Map(
  Object.entries(DECIMAL_EXPONENTS).map(([suffix, exponent]) => [exponent, suffix]),
)

export class QuantityError extends Error {
  override readonly name = 'QuantityError'
}

const WRONG_FORMAT =
  "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"
const SYNTAX = /^([+-]?)(\d*)(?:\.(\d*))?([eEinumkKMGTP]*)([-+]?\d*)$/
/** Exponents beyond these are 0 or the maximum for every mantissa that fits a request. */
const EXPONENT_MAX = 1_000

export function parseQuantity(quantity: Quantity): ParsedQuantity {
  const match = SYNTAX.exec(String(quantity))
  if (match === null) throw new QuantityError(WRONG_FORMAT)
  const [, sign, whole = '', fraction = '', letters = '', digits = ''] = match
  if (whole === '' && fraction === '') throw new QuantityError(WRONG_FORMAT)
  const unit = unitOf(letters, digits)
  const mantissa = BigInt(whole + fraction) * (unit.format === 'binary' ? unit.factor : 1n)
  const exponent = 9 - fraction.length + (unit.format === 'binary' ? 0 : unit.exponent)
  const magnitude = scaled(mantissa, exponent)
  const cut = magnitude > VALUE_MAX * NANOS ? VALUE_MAX * NANOS : magnitude
  return { nanos: sign === '-' ? -cut : cut, format: unit.format }
}

type Unit =
  | { format: 'binary'; factor: bigint }
  | { format: 'decimal' | 'exponent'; exponent: number }

function unitOf(letters: string, digits: string): Unit {
  if (/^[eE]$/.test(letters) && /\d/.test(digits)) {
    const exponent = Math.max(-EXPONENT_MAX, Math.min(EXPONENT_MAX, Number(digits)))
    return { format: 'exponent', exponent }
  }
  const suffix = letters + digits
  const power = (BINARY_SUFFIXES as readonly string[]).indexOf(suffix)
  if (power > 0) return { format: 'binary', factor: 1024n ** BigInt(power) }
  const exponent = Object.hasOwn(DECIMAL_EXPONENTS, suffix) ? DECIMAL_EXPONENTS[suffix] : undefined
  if (exponent === undefined) throw new QuantityError("unable to parse quantity's suffix")
  return { format: 'decimal', exponent }
}

/** `mantissa * 10^exponent`, rounded up: what is asked for is never made smaller. */
function scaled(mantissa: bigint, exponent: number): bigint {
  if (exponent >= 0) return mantissa * 10n ** BigInt(exponent)
  return divideUp(mantissa, 10n ** BigInt(-exponent))
}

/** Rounds away from zero. */
function divideUp(value: bigint, divisor: bigint): bigint {
  const quotient = value / divisor
  if (value % divisor === 0n) return quotient
  return value < 0n ? quotient - 1n : quotient + 1n
}

/** The canonical form: no fraction, and the largest suffix that allows it. */
export function formatQuantity({ nanos, format }: ParsedQuantity): string {
  const negative = nanos < 0n
  const magnitude = negative ? -nanos : nanos
  if (magnitude === 0n) return '0'
  const whole = magnitude / NANOS
  // Kubernetes writes small or fractional binary quantities as decimal ones.
  const binary = format === 'binary' && magnitude % NANOS === 0n && whole >= 1024n
  const text = binary ? formatBinary(whole) : formatDecimal(magnitude, format === 'exponent')
  return negative ? `-${text}` : text
}

function formatBinary(whole: bigint): string {
  let power = 0
  let rest = whole
  while (rest % 1024n === 0n && power < BINARY_SUFFIXES.length - 1) {
    rest /= 1024n
    power++
  }
  return `${rest}${BINARY_SUFFIXES[power]}`
}

function formatDecimal(nanos: bigint, asExponent: boolean): string {
  let exponent = -9
  let rest = nanos
  while (rest % 1000n === 0n && exponent < 18) {
    rest /= 1000n
    exponent += 3
  }
  if (!asExponent) return `${rest}${DECIMAL_SUFFIXES.get(exponent) ?? ''}`
  return exponent === 0 ? String(rest) : `${rest}e${exponent}`
}

export const canonicalQuantity = (quantity: Quantity): string =>
  formatQuantity(parseQuantity(quantity))

export function compareQuantities(a: Quantity, b: Quantity): -1 | 0 | 1 {
  const left = parseQuantity(a).nanos
  const right = parseQuantity(b).nanos
  return left < right ? -1 : left > right ? 1 : 0
}

export function isZeroQuantity(quantity: Quantity): boolean {
  return parseQuantity(quantity).nanos === 0n
}

/** The sum in the notation of `a`, or of `b` when `a` is zero. */
export function addQuantities(a: Quantity, b: Quantity): string {
  return combine(a, b, 1n)
}

/** The difference in the notation of `a`, or of `b` when `a` is zero. */
export function subtractQuantities(a: Quantity, b: Quantity): string {
  return combine(a, b, -1n)
}

function combine(a: Quantity, b: Quantity, sign: 1n | -1n): string {
  const left = parseQuantity(a)
  const right = parseQuantity(b)
  const format = left.nanos === 0n ? right.format : left.format
  return formatQuantity({ nanos: left.nanos + sign * right.nanos, format })
}

/** Thousandths, rounded up: CPU as "millicores". */
export function milliOf(quantity: Quantity): number {
  return Number(divideUp(parseQuantity(quantity).nanos, 1_000_000n))
}

/** Whole units, rounded up: bytes of memory and disk, counts. */
export function wholeOf(quantity: Quantity): number {
  return Number(divideUp(parseQuantity(quantity).nanos, NANOS))
}

export const quantityOfMilli = (milli: number): string =>
  formatQuantity({ nanos: BigInt(milli) * 1_000_000n, format: 'decimal' })

export const quantityOfBytes = (sizeBytes: number): string =>
  formatQuantity({ nanos: BigInt(sizeBytes) * NANOS, format: 'binary' })

/** Canonical forms of a list of resources, in place. */
export function canonicalizeQuantities(resources: Record<string, Quantity> | undefined): void {
  for (const [name, quantity] of Object.entries(resources ?? {}))
    resources![name] = canonicalQuantity(quantity)
}
