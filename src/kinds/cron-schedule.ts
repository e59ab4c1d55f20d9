// Schedules as cron writes them: five fields, or a name such as "@daily". What is refused, and in
// which words, is that of github.com/robfig/cron, which Kubernetes reads schedules with.

export interface FieldsSchedule {
  type: 'fields'
  minutes: ReadonlySet<number>
  hours: ReadonlySet<number>
  daysOfMonth: ReadonlySet<number>
  months: ReadonlySet<number>
  /** 0 is Sunday. */
  daysOfWeek: ReadonlySet<number>
  /** Where one of the two leaves all days open, the other decides; else a day of either is one. */
  anyDayOfMonth: boolean
  anyDayOfWeek: boolean
}

export interface EverySchedule {
  type: 'every'
  seconds: number
}

export type Schedule = FieldsSchedule | EverySchedule

export class ScheduleError extends Error {
  override readonly name = 'ScheduleError'
}

interface Bounds {
  min: number
  max: number
  names?: readonly string[]
}

const MONTHS = 'jan feb mar apr may jun jul aug sep oct nov dec'.split(' ')
const DAYS = 'sun mon tue wed thu fri sat'.split(' ')
const BOUNDS = [
  { min: 0, max: 59 },
  { min: 0, max: 23 },
  { min: 1, max: 31 },
  { min: 1, max: 12, names: MONTHS },
  { min: 0, max: 6, names: DAYS },
] as const satisfies readonly Bounds[]

const NAMED: Readonly<Record<string, string>> = {
  '@yearly': '0 0 1 1 *',
  '@annually': '0 0 1 1 *',
  '@monthly': '0 0 1 * *',
  '@weekly': '0 0 * * 0',
  '@daily': '0 0 * * *',
  '@midnight': '0 0 * * *',
  '@hourly': '0 * * * *',
}
const EVERY = '@every '

/** The schedule without a time zone of its own; throws `ScheduleError`. */
export function parseSchedule(text: string): Schedule {
  if (text === '') throw new ScheduleError('empty spec string')
  const spec = text.replace(/^(?:CRON_)?TZ=\S*/, '').trim()
  if (!spec.startsWith('@')) return parseFields(spec)
  const named = Object.hasOwn(NAMED, spec) ? NAMED[spec] : undefined
  if (named !== undefined) return parseFields(named)
  if (!spec.startsWith(EVERY)) throw new ScheduleError(`unrecognized descriptor: ${spec}`)
  return { type: 'every', seconds: parseInterval(spec.slice(EVERY.length), spec) }
}

function parseFields(spec: string): FieldsSchedule {
  const fields = spec.split(/\s+/).filter((field) => field !== '')
  if (fields.length !== BOUNDS.length)
    throw new ScheduleError(
      `expected exactly ${BOUNDS.length} fields, found ${fields.length}: [${fields.join(' ')}]`,
    )
  const [minutes, hours, daysOfMonth, months, daysOfWeek] = BOUNDS.map((bounds, index) =>
    parseField(fields[index]!, bounds),
  ) as [
    ReadonlySet<number>,
    ReadonlySet<number>,
    ReadonlySet<number>,
    ReadonlySet<number>,
    ReadonlySet<number>,
  ]
  return {
    type: 'fields',
    minutes,
    hours,
    daysOfMonth,
    months,
    daysOfWeek,
    anyDayOfMonth: isOpen(fields[2]!),
    anyDayOfWeek: isOpen(fields[4]!),
  }
}

/** A star or question mark in one of the ranges, without a step. */
const isOpen = (field: string): boolean =>
  field.split(',').some((range) => /^[*?](?:\/[01])?$/.test(range))

function parseField(field: string, bounds: Bounds): ReadonlySet<number> {
  const ranges = field.split(',').filter((range) => range !== '')
  return new Set(ranges.flatMap((range) => parseRange(range, bounds)))
}

/** "3", "1-5", "*", each with a step behind "/". */
function parseRange(text: string, bounds: Bounds): number[] {
  const { min, max, names } = bounds
  const [range = '', stepText, ...more] = text.split('/')
  const [low = '', high, ...further] = range.split('-')
  const isAll = low === '*' || low === '?'
  if (!isAll && further.length > 0) throw new ScheduleError(`too many hyphens: ${text}`)
  const start = isAll ? min : parseNumber(low, names)
  let end = isAll ? max : high === undefined ? start : parseNumber(high, names)
  if (more.length > 0) throw new ScheduleError(`too many slashes: ${text}`)
  const step = stepText === undefined ? 1 : parseNumber(stepText)
  if (stepText !== undefined && high === undefined) end = max
  if (start < min)
    throw new ScheduleError(`beginning of range (${start}) below minimum (${min}): ${text}`)
  if (end > max) throw new ScheduleError(`end of range (${end}) above maximum (${max}): ${text}`)
  if (start > end)
    throw new ScheduleError(`beginning of range (${start}) beyond end of range (${end}): ${text}`)
  if (step === 0) throw new ScheduleError(`step of range should be a positive number: ${text}`)
  const values: number[] = []
  for (let value = start; value <= end; value += step) values.push(value)
  return values
}

function parseNumber(text: string, names?: readonly string[]): number {
  const index = names?.indexOf(text.toLowerCase()) ?? -1
  if (names !== undefined && index >= 0) return names === MONTHS ? index + 1 : index
  if (!/^[-+]?\d+$/.test(text))
    throw new ScheduleError(
      `failed to parse int from ${text}: strconv.Atoi: parsing ${JSON.stringify(text)}: invalid syntax`,
    )
  const value = Number(text)
  if (value < 0) throw new ScheduleError(`negative number (${value}) not allowed: ${text}`)
  return value
}

const UNIT_SECONDS: Readonly<Record<string, number>> = {
  ns: 1e-9,
  us: 1e-6,
  µs: 1e-6,
  ms: 1e-3,
  s: 1,
  m: 60,
  h: 3600,
}
const INTERVAL = /^[-+]?(?:\d+(?:\.\d*)?(?:ns|us|µs|ms|s|m|h))+$/

/** A duration such as "1h30m", in whole seconds and at least one. */
function parseInterval(text: string, spec: string): number {
  if (!INTERVAL.test(text))
    throw new ScheduleError(
      `failed to parse duration ${spec}: time: invalid duration ${JSON.stringify(text)}`,
    )
  let seconds = 0
  for (const [, amount, unit] of text.matchAll(/(\d+(?:\.\d*)?)(ns|us|µs|ms|s|m|h)/g))
    seconds += Number(amount) * UNIT_SECONDS[unit!]!
  return text.startsWith('-') ? 1 : Math.max(1, Math.floor(seconds))
}
