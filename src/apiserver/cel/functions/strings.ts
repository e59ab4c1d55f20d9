// The extension library "strings".
import { CelError } from '../values.ts'
import type { Overload } from './define.ts'
import { globalFunction, memberFunction, times, traversal } from './define.ts'
import { formatText } from './format-text.ts'

const outOfRange = (index: bigint) => new CelError(`index out of range: ${index}`)

/** Indices count code points. */
function charAt(text: string, index: bigint): string {
  if (index < 0n) throw outOfRange(index)
  let at = 0n
  for (const point of text) if (at++ === index) return point
  if (at === index) return ''
  throw outOfRange(index)
}

function substring(text: string, start: bigint, end?: bigint): string {
  const points = Array.from(text)
  const until = end ?? BigInt(points.length)
  if (start < 0n || start > points.length) throw outOfRange(start)
  if (until < 0n || until > points.length) throw outOfRange(until)
  if (until < start) throw new CelError(`invalid substring range. start: ${start}, end: ${until}`)
  return points.slice(Number(start), Number(until)).join('')
}

function indexOf(text: string, part: string, from = 0n): bigint {
  const points = Array.from(text)
  if (from < 0n || from > points.length) throw outOfRange(from)
  const before = points.slice(0, Number(from)).join('').length
  const found = text.indexOf(part, before)
  return BigInt(found < 0 ? -1 : Array.from(text.slice(0, found)).length)
}

function lastIndexOf(text: string, part: string, until?: bigint): bigint {
  const points = Array.from(text)
  if (until !== undefined && (until < 0n || until > points.length)) throw outOfRange(until)
  const last = until === undefined ? undefined : points.slice(0, Number(until)).join('').length
  const found = text.lastIndexOf(part, last)
  return BigInt(found < 0 ? -1 : Array.from(text.slice(0, found)).length)
}

function replace(text: string, part: string, by: string, count = -1n): string {
  if (count < 0n) return text.replaceAll(part, () => by)
  const pieces = part === '' ? Array.from(text) : text.split(part)
  if (part === '') {
    const taken = Math.min(Number(count), pieces.length + 1)
    return (
      pieces.map((piece, at) => (at < taken ? by + piece : piece)).join('') +
      (taken > pieces.length ? by : '')
    )
  }
  return pieces.reduce((done, piece, at) => done + (at <= Number(count) ? by : part) + piece)
}

function split(text: string, separator: string, count = -1n): string[] {
  if (count === 0n) return []
  const pieces = separator === '' ? Array.from(text) : text.split(separator)
  if (count < 0n || pieces.length <= count) return pieces
  const whole = Number(count) - 1
  return [...pieces.slice(0, whole), pieces.slice(whole).join(separator)]
}

const ascii = (text: string, pattern: RegExp, change: (letters: string) => string): string =>
  text.replaceAll(pattern, change)

// What Unicode calls white space, which is what Go's strings trims.
const trim = (text: string): string =>
  text.replace(/^[\p{White_Space}]+/u, '').replace(/[\p{White_Space}]+$/u, '')

const QUOTED: Readonly<Record<string, string>> = {
  '\x07': '\\a',
  '\b': '\\b',
  '\f': '\\f',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\v': '\\v',
  '\\': '\\\\',
  '"': '\\"',
}

const quote = (text: string): string =>
  // eslint-disable-next-line no-control-regex -- these are the characters that need an escape
  `"${text.replaceAll(/[\x07\b\f\n\r\t\v\\"]/g, (one) => QUOTED[one]!)}"`

const same = { cost: traversal, sizeMax: (size: number) => size }
const searching = { cost: traversal }
const splitting = { cost: (size: number) => Math.ceil(size * 0.2), sizeMax: (size: number) => size }
const replacing = {
  cost: (size: number) => Math.ceil(size * 0.2),
  sizeMax: (size: number, _part: number, by: number) => times(size + 1, by) + size,
}

const joined = (count: number, by: number, size: number): number =>
  times(count, size) + times(Math.max(0, count - 1), by)

export const strings: readonly Overload[] = [
  memberFunction('charAt', ['string', 'int'], 'string', charAt, { sizeMax: () => 1 }),
  memberFunction(
    'indexOf',
    ['string', 'string'],
    'int',
    (text, part) => indexOf(text, part),
    searching,
  ),
  memberFunction('indexOf', ['string', 'string', 'int'], 'int', indexOf, searching),
  memberFunction(
    'lastIndexOf',
    ['string', 'string'],
    'int',
    (text, part) => lastIndexOf(text, part),
    searching,
  ),
  memberFunction('lastIndexOf', ['string', 'string', 'int'], 'int', lastIndexOf, searching),
  memberFunction(
    'substring',
    ['string', 'int'],
    'string',
    (text, start) => substring(text, start),
    same,
  ),
  memberFunction('substring', ['string', 'int', 'int'], 'string', substring, same),
  memberFunction(
    'replace',
    ['string', 'string', 'string'],
    'string',
    (a, b, c) => replace(a, b, c),
    replacing,
  ),
  memberFunction('replace', ['string', 'string', 'string', 'int'], 'string', replace, replacing),
  memberFunction(
    'split',
    ['string', 'string'],
    'list(string)',
    (text, at) => split(text, at),
    splitting,
  ),
  memberFunction('split', ['string', 'string', 'int'], 'list(string)', split, splitting),
  memberFunction('join', ['list(string)'], 'string', (list) => list.join(''), {
    cost: (count, size) => traversal(times(count, size)),
    sizeMax: (count, size) => times(count, size),
    usesElements: true,
  }),
  memberFunction('join', ['list(string)', 'string'], 'string', (list, by) => list.join(by), {
    cost: (count, by, size) => traversal(joined(count, by, size)),
    sizeMax: joined,
    usesElements: true,
  }),
  memberFunction(
    'lowerAscii',
    ['string'],
    'string',
    (text) => ascii(text, /[A-Z]+/g, (one) => one.toLowerCase()),
    same,
  ),
  memberFunction(
    'upperAscii',
    ['string'],
    'string',
    (text) => ascii(text, /[a-z]+/g, (one) => one.toUpperCase()),
    same,
  ),
  memberFunction('trim', ['string'], 'string', trim, same),
  memberFunction(
    'reverse',
    ['string'],
    'string',
    (text) => Array.from(text).toReversed().join(''),
    same,
  ),
  memberFunction('format', ['string', 'list(dyn)'], 'string', formatText, { cost: traversal }),
  globalFunction('strings.quote', ['string'], 'string', quote, {
    cost: traversal,
    sizeMax: (size) => size * 2 + 2,
  }),
]
