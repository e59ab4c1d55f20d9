// The extension library "math".
import type { CelValue } from '../values.ts'
import { compare } from '../equality.ts'
import { CelError, noSuchOverload, Uint } from '../values.ts'
import { checkInt, checkUint } from './arithmetic.ts'
import type { Overload } from './define.ts'
import { globalFunction } from './define.ts'

function best(values: readonly CelValue[], sign: number): CelValue {
  if (values.length === 0) throw new CelError('math functions need at least one number')
  return values.reduce((found, one) => {
    const order = compare(one, found)
    if (order === undefined) throw noSuchOverload()
    return order * sign > 0 ? one : found
  })
}

const NUMBERS = ['int', 'uint', 'double'] as const

function extremes(name: string, sign: number): Overload[] {
  return NUMBERS.flatMap((type) => [
    globalFunction(name, [type], type, (one) => one as CelValue),
    globalFunction(name, [type, type], type, (...all) => best(all as CelValue[], sign)),
    globalFunction(name, [type, type, type], type, (...all) => best(all as CelValue[], sign)),
    globalFunction(name, [type, type, type, type], type, (...all) => best(all as CelValue[], sign)),
    globalFunction(
      name,
      [`list(${type})`],
      type,
      (list) => best(list as readonly CelValue[], sign),
      { cost: (size) => size },
    ),
  ])
}

/** Halves go away from zero, as Go rounds. */
const round = (value: number): number => Math.sign(value) * Math.round(Math.abs(value))

const ROUNDING: Readonly<Record<string, (value: number) => number>> = {
  'math.ceil': Math.ceil,
  'math.floor': Math.floor,
  'math.round': round,
  'math.trunc': Math.trunc,
}

function offset(by: bigint): bigint {
  if (by < 0n) throw new CelError(`math.bitShift negative offset: ${by}`)
  return by
}

const abs = (value: bigint): bigint => checkInt(value < 0n ? -value : value)
const sign = (value: bigint): bigint => (value === 0n ? 0n : value < 0n ? -1n : 1n)

export const math: readonly Overload[] = [
  ...extremes('math.greatest', 1),
  ...extremes('math.least', -1),
  ...Object.entries(ROUNDING).map(([name, rounded]) =>
    globalFunction(name, ['double'], 'double', rounded),
  ),
  globalFunction(
    'math.isInf',
    ['double'],
    'bool',
    (value) => Math.abs(value) === Number.POSITIVE_INFINITY,
  ),
  globalFunction('math.isNaN', ['double'], 'bool', (value) => Number.isNaN(value)),
  globalFunction('math.isFinite', ['double'], 'bool', (value) => Number.isFinite(value)),
  globalFunction('math.sqrt', ['double'], 'double', Math.sqrt),
  globalFunction('math.sqrt', ['int'], 'double', (value) => Math.sqrt(Number(value))),
  globalFunction('math.abs', ['int'], 'int', abs),
  globalFunction('math.abs', ['double'], 'double', Math.abs),
  globalFunction('math.abs', ['uint'], 'uint', (value) => value),
  globalFunction('math.sign', ['int'], 'int', sign),
  globalFunction('math.sign', ['double'], 'double', Math.sign),
  globalFunction('math.sign', ['uint'], 'uint', ({ value }: Uint) => new Uint(sign(value))),
  globalFunction('math.bitAnd', ['int', 'int'], 'int', (a, b) => a & b),
  globalFunction('math.bitOr', ['int', 'int'], 'int', (a, b) => a | b),
  globalFunction('math.bitXor', ['int', 'int'], 'int', (a, b) => a ^ b),
  globalFunction('math.bitNot', ['int'], 'int', (a) => ~a),
  globalFunction('math.bitAnd', ['uint', 'uint'], 'uint', (a, b) => new Uint(a.value & b.value)),
  globalFunction('math.bitOr', ['uint', 'uint'], 'uint', (a, b) => new Uint(a.value | b.value)),
  globalFunction('math.bitXor', ['uint', 'uint'], 'uint', (a, b) => new Uint(a.value ^ b.value)),
  globalFunction('math.bitNot', ['uint'], 'uint', (a) => checkUint(BigInt.asUintN(64, ~a.value))),
  globalFunction('math.bitShiftLeft', ['int', 'int'], 'int', (a, by) =>
    offset(by) > 63n ? 0n : BigInt.asIntN(64, a << by),
  ),
  globalFunction('math.bitShiftRight', ['int', 'int'], 'int', (a, by) =>
    offset(by) > 63n ? 0n : BigInt.asIntN(64, BigInt.asUintN(64, a) >> by),
  ),
]
