// Durations and timestamps: how they are written and read, and their parts in a time zone.
import type { CelValue } from '../values.ts'
import { CelError, Duration, Timestamp } from '../values.ts'
import type { Overload } from './define.ts'
import { memberFunction } from './define.ts'

const SECOND = 1_000_000_000n
/** From the year 1 to the end of 9999, in seconds. */
const SECONDS_MIN = -62_135_596_800n
const SECONDS_MAX = 253_402_300_799n
const DURATION_MAX = 2n ** 63n - 1n

export function checkTimestamp(nanoseconds: bigint): Timestamp {
  if (nanoseconds < SECONDS_MIN * SECOND || nanoseconds > SECONDS_MAX * SECOND + SECOND - 1n)
    throw new CelError('timestamp overflow')
  return new Timestamp(nanoseconds)
}

export function checkDuration(nanoseconds: bigint): Duration {
  if (nanoseconds > DURATION_MAX || nanoseconds < -DURATION_MAX - 1n)
    throw new CelError('duration overflow')
  return new Duration(nanoseconds)
}

const TIME = /^(\d{4}-\d\d-\d\d)[Tt](\d\d:\d\d:\d\d)(?:\.(\d{1,9})\d*)?([Zz]|[+-]\d\d:\d\d)$/

/** Undefined for what is no RFC 3339 time. */
export function parseTimestamp(text: string): Timestamp | undefined {
  const [match, date, time, fraction = '', zone = ''] = TIME.exec(text) ?? []
  if (match === undefined) return undefined
  const milliseconds = Date.parse(`${date}T${time}${zone.toUpperCase()}`)
  if (Number.isNaN(milliseconds)) return undefined
  return new Timestamp(BigInt(milliseconds) * 1_000_000n + BigInt(fraction.padEnd(9, '0')))
}

export function parseDate(text: string): Timestamp | undefined {
  return /^\d{4}-\d\d-\d\d$/.test(text) ? parseTimestamp(`${text}T00:00:00Z`) : undefined
}

const UNITS: Readonly<Record<string, bigint>> = {
  ns: 1n,
  us: 1_000n,
  µs: 1_000n,
  μs: 1_000n,
  ms: 1_000_000n,
  s: SECOND,
  m: 60n * SECOND,
  h: 3_600n * SECOND,
}
const PART = /(\d+)?(?:\.(\d*))?(ns|us|µs|μs|ms|s|m|h)/y

/** As Go's time.ParseDuration reads it; undefined for what it does not. */
export function parseDuration(text: string): Duration | undefined {
  const sign = text.startsWith('-') ? -1n : 1n
  const rest = text.replace(/^[+-]/, '')
  if (rest === '0') return new Duration(0n)
  let total = 0n
  PART.lastIndex = 0
  for (let at = 0; at < rest.length; at = PART.lastIndex) {
    const match = PART.exec(rest)
    if (match === null || (match[1] === undefined && !match[2])) return undefined
    const unit = UNITS[match[3]!]!
    const fraction = match[2] ?? ''
    total += BigInt(match[1] ?? 0) * unit
    if (fraction !== '') total += (BigInt(fraction) * unit) / 10n ** BigInt(fraction.length)
  }
  if (rest === '' || total > DURATION_MAX) return undefined
  return new Duration(sign * total)
}

function fractionText(nanoseconds: bigint): string {
  const digits = String(nanoseconds).padStart(9, '0').replace(/0+$/, '')
  return digits === '' ? '' : `.${digits}`
}

/** "3600s", "0.5s": as CEL writes a duration. */
export function durationText({ nanoseconds }: Duration): string {
  const size = nanoseconds < 0n ? -nanoseconds : nanoseconds
  return `${nanoseconds < 0n ? '-' : ''}${size / SECOND}${fractionText(size % SECOND)}s`
}

const floorDivide = (value: bigint, by: bigint): bigint =>
  value >= 0n ? value / by : -((-value + by - 1n) / by)

export function timestampText({ nanoseconds }: Timestamp): string {
  const seconds = floorDivide(nanoseconds, SECOND)
  const text = new Date(Number(seconds) * 1_000).toISOString().slice(0, 19)
  return `${text}${fractionText(nanoseconds - seconds * SECOND)}Z`
}

const OFFSET = /^([+-]?)(\d\d):(\d\d)$/

/** The moment as a UTC date whose fields read as the clock of the zone does. */
function inZone({ nanoseconds }: Timestamp, zone: string): Date {
  const milliseconds = Number(floorDivide(nanoseconds, 1_000_000n))
  const offset = OFFSET.exec(zone)
  if (offset !== null) {
    const minutes = Number(offset[2]) * 60 + Number(offset[3])
    return new Date(milliseconds + (offset[1] === '-' ? -minutes : minutes) * 60_000)
  }
  if (zone === '' || zone === 'UTC') return new Date(milliseconds)
  return new Date(milliseconds + zoneOffset(milliseconds, zone))
}

function zoneOffset(milliseconds: number, zone: string): number {
  let format: Intl.DateTimeFormat
  try {
    format = new Intl.DateTimeFormat('en-US', { timeZone: zone, timeZoneName: 'longOffset' })
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
    throw new CelError(`unknown time zone ${zone}`)
  }
  const name = format.formatToParts(milliseconds).find(({ type }) => type === 'timeZoneName')?.value
  const [, sign, hours = '0', minutes = '0', seconds = '0'] =
    /GMT([+-])(\d\d):(\d\d)(?::(\d\d))?/.exec(name ?? '') ?? []
  const size = Number(hours) * 3_600 + Number(minutes) * 60 + Number(seconds)
  return (sign === '-' ? -size : size) * 1_000
}

const dayOfYear = (date: Date): number =>
  Math.floor((date.getTime() - Date.UTC(date.getUTCFullYear(), 0, 1)) / 86_400_000)

const DATE_PARTS: Readonly<Record<string, (date: Date) => number>> = {
  getFullYear: (date) => date.getUTCFullYear(),
  getMonth: (date) => date.getUTCMonth(),
  getDate: (date) => date.getUTCDate(),
  getDayOfMonth: (date) => date.getUTCDate() - 1,
  getDayOfWeek: (date) => date.getUTCDay(),
  getDayOfYear: dayOfYear,
  getHours: (date) => date.getUTCHours(),
  getMinutes: (date) => date.getUTCMinutes(),
  getSeconds: (date) => date.getUTCSeconds(),
  getMilliseconds: (date) => date.getUTCMilliseconds(),
}

const DURATION_PARTS: Readonly<Record<string, (nanoseconds: bigint) => bigint>> = {
  getHours: (nanoseconds) => nanoseconds / (3_600n * SECOND),
  getMinutes: (nanoseconds) => nanoseconds / (60n * SECOND),
  getSeconds: (nanoseconds) => nanoseconds / SECOND,
  getMilliseconds: (nanoseconds) => (nanoseconds / 1_000_000n) % 1_000n,
}

export const timeParts: readonly Overload[] = [
  ...Object.entries(DATE_PARTS).flatMap(([name, part]) => {
    const of = (time: Timestamp, zone: string): CelValue => BigInt(part(inZone(time, zone)))
    return [
      memberFunction(name, ['timestamp'], 'int', (time) => of(time, '')),
      memberFunction(name, ['timestamp', 'string'], 'int', of),
    ]
  }),
  ...Object.entries(DURATION_PARTS).map(([name, part]) =>
    memberFunction(name, ['duration'], 'int', ({ nanoseconds }) => part(nanoseconds)),
  ),
]
