// `"%s is %d".format([a, b])`
import type { CelList, CelValue } from '../values.ts'
import {
  CelError,
  CelMap,
  Duration,
  isList,
  Timestamp,
  TypeValue,
  typeNameOf,
  Uint,
} from '../values.ts'
import { doubleText } from './conversions.ts'
import { durationText, timestampText } from './times.ts'

const CLAUSE = /%(?:%|(?:\.(\d+))?([sdfexXob])|(.|$))/gs
const PRECISION_MAX = 100

export function formatText(text: string, values: CelList): string {
  let next = 0
  return text.replaceAll(
    CLAUSE,
    (clause, precision: string | undefined, verb: string | undefined, other?: string) => {
      if (clause === '%%') return '%'
      if (verb === undefined)
        throw new CelError(
          `could not parse formatting clause: unrecognized formatting clause "${other ?? ''}"`,
        )
      if (next >= values.length) throw new CelError(`index ${next} out of range`)
      const digits = Math.min(Number(precision ?? 6), PRECISION_MAX)
      return formatValue(values[next++]!, verb, digits)
    },
  )
}

function wrong(value: CelValue, verb: string, wanted: string): CelError {
  return new CelError(
    `error during formatting: ${verb} clause can only be used on ${wanted}, was given ${typeNameOf(value)}`,
  )
}

function formatValue(value: CelValue, verb: string, digits: number): string {
  switch (verb) {
    case 's':
      return shownText(value)
    case 'd':
      if (typeof value === 'number') return doubleText(value)
      return String(integerOf(value, 'decimal', 'integers'))
    case 'f':
      return doubleOf(value, 'fixed-point').toFixed(digits)
    case 'e':
      return doubleOf(value, 'scientific')
        .toExponential(digits)
        .replace(/e([+-])(\d)$/, 'e$10$2')
    case 'b':
      if (typeof value === 'boolean') return value ? '1' : '0'
      return integerOf(value, 'binary', 'integers and bools').toString(2)
    case 'o':
      return integerOf(value, 'octal', 'integers').toString(8)
    default: {
      const text = hexOf(value)
      return verb === 'X' ? text.toUpperCase() : text
    }
  }
}

function integerOf(value: CelValue, verb: string, wanted: string): bigint {
  if (typeof value === 'bigint') return value
  if (value instanceof Uint) return value.value
  throw wrong(value, verb, wanted)
}

function doubleOf(value: CelValue, verb: string): number {
  if (typeof value === 'number') return value
  if (typeof value === 'bigint') return Number(value)
  if (value instanceof Uint) return Number(value.value)
  throw wrong(value, verb, 'doubles')
}

function hexOf(value: CelValue): string {
  if (typeof value === 'string') return Buffer.from(value).toString('hex')
  if (value instanceof Uint8Array) return Buffer.from(value).toString('hex')
  return integerOf(value, 'hex', 'integers, byte buffers, and strings').toString(16)
}

function shownText(value: CelValue): string {
  if (value === null) return 'null'
  if (typeof value === 'string') return value
  if (typeof value === 'bigint' || typeof value === 'boolean') return String(value)
  if (typeof value === 'number') return doubleText(value)
  if (value instanceof Uint) return String(value.value)
  if (value instanceof Uint8Array) return Buffer.from(value).toString('utf8')
  if (value instanceof Duration) return durationText(value)
  if (value instanceof Timestamp) return timestampText(value)
  if (value instanceof TypeValue) return value.typeName
  if (isList(value)) return `[${value.map(shownText).join(', ')}]`
  if (value instanceof CelMap) {
    const entries = value.keys().map((key) => `${shownText(key)}: ${shownText(value.get(key)!)}`)
    return `{${entries.toSorted().join(', ')}}`
  }
  throw wrong(
    value,
    'string',
    'strings, bools, bytes, ints, doubles, maps, lists, types, durations, and timestamps',
  )
}
