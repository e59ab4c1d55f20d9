// Makes from a good input one that is a little, or very, wrong.
import type { Random } from '#base/random.ts'

export const pick = <T>(random: Random, list: readonly T[]): T =>
  list[Math.floor(random.next() * list.length)]!

const below = (random: Random, end: number): number => Math.floor(random.next() * end)

/** What breaks readers: ends of ranges, separators, other scripts, names that objects have by themselves. */
const TEXTS: readonly string[] = [
  '',
  ' ',
  '\n',
  '\0',
  '\\',
  '"',
  "'",
  ',',
  ':',
  ';',
  '/',
  '//',
  '..',
  '%',
  '%00',
  '%2e',
  '=',
  '==',
  '-',
  '-1',
  '0',
  '1e999',
  '9'.repeat(40),
  '2147483648',
  '9223372036854775808',
  '0x1',
  'NaN',
  'null',
  'true',
  '{}',
  '[]',
  '[[[[',
  '{{{{',
  '}}',
  ']]',
  '*a',
  '&a',
  '<<',
  '!!',
  '__proto__',
  'constructor',
  'ä',
  '‮',
  '\ud800',
  '😀',
  'İ',
  'a'.repeat(300),
  '('.repeat(200),
  '(a+)+$',
  '::',
  '1.2.3.4/33',
]

const CUTS: readonly ((text: string, random: Random) => string)[] = [
  (text, random) => text.slice(0, below(random, text.length + 1)),
  (text, random) => text.slice(below(random, text.length + 1)),
  (text, random) => {
    const at = below(random, text.length + 1)
    return text.slice(0, at) + pick(random, TEXTS) + text.slice(at)
  },
  (text, random) => {
    const at = below(random, text.length + 1)
    return text.slice(0, at) + pick(random, TEXTS) + text.slice(at + 1 + below(random, 8))
  },
  (text, random) => {
    const [from, to] = [below(random, text.length + 1), below(random, text.length + 1)].toSorted(
      (a, b) => a - b,
    ) as [number, number]
    return text.slice(0, to) + text.slice(from, to).repeat(1 + below(random, 20)) + text.slice(to)
  },
  (text, random) => {
    const at = below(random, text.length + 1)
    return text.slice(0, at) + String.fromCharCode(below(random, 0x300)) + text.slice(at + 1)
  },
]

export const mutateText = (text: string, random: Random): string => pick(random, CUTS)(text, random)

const BYTES: readonly number[] = [0, 1, 0x7f, 0x80, 0xff, 0xc0, 0x0a, 0x3a]

export function mutateBytes(bytes: Buffer, random: Random): Buffer {
  const at = below(random, bytes.length + 1)
  switch (below(random, 5)) {
    case 0:
      return bytes.subarray(0, at)
    case 1:
      return Buffer.concat([
        bytes.subarray(0, at),
        Buffer.from([pick(random, BYTES)]),
        bytes.subarray(at),
      ])
    case 2:
      return Buffer.concat([bytes.subarray(0, at), bytes.subarray(below(random, bytes.length + 1))])
    case 3:
      return Buffer.concat([
        bytes.subarray(0, at),
        Buffer.alloc(below(random, 64), pick(random, BYTES)),
        bytes.subarray(at),
      ])
    default: {
      const changed = Buffer.from(bytes)
      if (changed.length > 0) changed[at % changed.length] = below(random, 256)
      return changed
    }
  }
}

const ODD: readonly unknown[] = [
  null,
  true,
  false,
  0,
  -1,
  0.5,
  1e21,
  2 ** 53,
  [],
  {},
  [[]],
  [null],
  { a: null },
  ...TEXTS,
]

/** A copy of a JSON value with something changed in one place. */
export function mutateJson(value: unknown, random: Random): unknown {
  const isLeaf = typeof value !== 'object' || value === null
  if (isLeaf || random.next() < 0.1)
    return typeof value === 'string' && random.next() < 0.6
      ? mutateText(value, random)
      : pick(random, ODD)
  if (Array.isArray(value)) {
    const list = [...(value as unknown[])]
    const at = below(random, list.length + 1)
    const chance = random.next()
    if (at === list.length || chance < 0.1) list.splice(at, 0, list[0] ?? pick(random, ODD))
    else if (chance < 0.2) list.splice(at, 1)
    else list[at] = mutateJson(list[at], random)
    return list
  }
  const object = { ...(value as Record<string, unknown>) }
  const keys = Object.keys(object)
  const key = keys.length === 0 || random.next() < 0.05 ? pick(random, TEXTS) : pick(random, keys)
  if (random.next() < 0.08) delete object[key]
  else object[key] = mutateJson(object[key], random)
  return object
}
