// int(), string(), bytes() and their kin, and type() and dyn().
import type { CelValue, Timestamp, Uint } from '../values.ts'
import { CelError, TypeValue, typeNameOf } from '../values.ts'
import { checkInt, checkUint } from './arithmetic.ts'
import type { Overload } from './define.ts'
import { globalFunction, traversal } from './define.ts'
import {
  checkDuration,
  checkTimestamp,
  durationText,
  parseDuration,
  parseTimestamp,
  timestampText,
} from './times.ts'

const SECOND = 1_000_000_000n

const failed = (text: string, type: string) =>
  new CelError(`type conversion error from 'string' to '${type}': ${JSON.stringify(text)}`)

function parseInteger(text: string, pattern: RegExp, type: string): bigint {
  if (!pattern.test(text)) throw failed(text, type)
  return BigInt(text.replace(/^\+/, ''))
}

/** Toward zero, as Go converts; what does not fit is refused. */
function truncated(value: number, what: string): bigint {
  if (!Number.isFinite(value)) throw new CelError(what)
  return BigInt(Math.trunc(value))
}

function parseDouble(text: string): number {
  const isNumber = /^[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?$/.test(text)
  if (isNumber) return Number(text)
  const word = /^([+-]?)(inf(?:inity)?|nan)$/i.exec(text)
  if (word === null) throw failed(text, 'double')
  if (word[2]!.toLowerCase() === 'nan') return Number.NaN
  return word[1] === '-' ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY
}

/** As Go's strconv writes a double with %g and the fewest digits. */
export function doubleText(value: number): string {
  if (Number.isNaN(value)) return 'NaN'
  if (!Number.isFinite(value)) return value > 0 ? '+Inf' : '-Inf'
  const exponent = value === 0 ? 0 : Math.floor(Math.log10(Math.abs(value)))
  if (exponent >= -4 && exponent < 21) return Object.is(value, -0) ? '-0' : String(value)
  return value.toExponential().replace(/e([+-])(\d)$/, 'e$10$2')
}

const utf8 = new TextDecoder('utf-8', { fatal: true })

function textOf(bytes: Uint8Array): string {
  try {
    return utf8.decode(bytes)
  } catch (error) {
    if (!(error instanceof TypeError)) throw error
    throw new CelError('invalid UTF-8 in bytes, cannot convert to string')
  }
}

const same = (value: CelValue): CelValue => value

function readTimestamp(text: string): CelValue {
  const time = parseTimestamp(text)
  if (time === undefined) throw failed(text, 'google.protobuf.Timestamp')
  return checkTimestamp(time.nanoseconds)
}

function readDuration(text: string): CelValue {
  const duration = parseDuration(text)
  if (duration === undefined) throw failed(text, 'google.protobuf.Duration')
  return checkDuration(duration.nanoseconds)
}

function readBool(text: string): boolean {
  if (/^(1|t|T|TRUE|true|True)$/.test(text)) return true
  if (/^(0|f|F|FALSE|false|False)$/.test(text)) return false
  throw failed(text, 'bool')
}

const copying = { cost: traversal, sizeMax: (size: number) => size }

export const conversions: readonly Overload[] = [
  globalFunction('int', ['int'], 'int', same),
  globalFunction('int', ['uint'], 'int', (value) => checkInt(value.value)),
  globalFunction('int', ['double'], 'int', (value) =>
    checkInt(truncated(value, 'integer overflow')),
  ),
  globalFunction('int', ['string'], 'int', (text) =>
    checkInt(parseInteger(text, /^[+-]?\d+$/, 'int')),
  ),
  globalFunction('int', ['timestamp'], 'int', ({ nanoseconds }: Timestamp) => nanoseconds / SECOND),
  globalFunction('uint', ['uint'], 'uint', same),
  globalFunction('uint', ['int'], 'uint', (value) => checkUint(value)),
  globalFunction('uint', ['double'], 'uint', (value) =>
    checkUint(truncated(value, 'unsigned integer overflow')),
  ),
  globalFunction('uint', ['string'], 'uint', (text) =>
    checkUint(parseInteger(text, /^\d+$/, 'uint')),
  ),
  globalFunction('double', ['double'], 'double', same),
  globalFunction('double', ['int'], 'double', Number),
  globalFunction('double', ['uint'], 'double', ({ value }: Uint) => Number(value)),
  globalFunction('double', ['string'], 'double', parseDouble),
  globalFunction('bool', ['bool'], 'bool', same),
  globalFunction('bool', ['string'], 'bool', readBool),
  globalFunction('string', ['string'], 'string', same, { sizeMax: (size) => size }),
  globalFunction('string', ['int'], 'string', String),
  globalFunction('string', ['uint'], 'string', ({ value }: Uint) => String(value)),
  globalFunction('string', ['double'], 'string', doubleText),
  globalFunction('string', ['bool'], 'string', String),
  globalFunction('string', ['bytes'], 'string', textOf, copying),
  globalFunction('string', ['timestamp'], 'string', timestampText),
  globalFunction('string', ['duration'], 'string', durationText),
  globalFunction('bytes', ['bytes'], 'bytes', same),
  globalFunction('bytes', ['string'], 'bytes', (text) => Buffer.from(text), {
    cost: traversal,
    sizeMax: (size) => size * 4,
  }),
  globalFunction('timestamp', ['timestamp'], 'timestamp', same),
  globalFunction('timestamp', ['string'], 'timestamp', readTimestamp),
  globalFunction('timestamp', ['int'], 'timestamp', (seconds) => checkTimestamp(seconds * SECOND)),
  globalFunction('duration', ['duration'], 'duration', same),
  globalFunction('duration', ['string'], 'duration', readDuration),
  globalFunction('duration', ['int'], 'duration', (value) => checkDuration(value)),
  globalFunction('dyn', ['A'], 'dyn', same),
  globalFunction('type', ['A'], 'type', (value) => new TypeValue(typeNameOf(value))),
]
