// How functions are declared: a signature in words, what it does, what it costs, how large its result is.
import type { CelType } from '../types.ts'
import {
  BOOL,
  BYTES,
  DOUBLE,
  DURATION,
  DYN,
  INT,
  listOf,
  mapOf,
  NULL,
  opaque,
  optionalOf,
  STRING,
  TIMESTAMP,
  UINT,
} from '../types.ts'
import type {
  CelList,
  CelMap,
  CelValue,
  Duration,
  Opaque,
  Optional,
  Timestamp,
  TypeValue,
  Uint,
} from '../values.ts'

/** Figures of a call's arguments, the target first: their sizes. Must grow with each of them. */
type Figure = (...sizes: number[]) => number

export interface Overload {
  name: string
  /** Called on its first parameter: `a.f(b)`. */
  isMember: boolean
  parameters: readonly CelType[]
  result: CelType
  run(args: readonly CelValue[]): CelValue
  /** What a call costs. */
  cost: Figure
  /** How large the result can become, at most; absent where the result's type says it. */
  sizeMax?: Figure
  /** Figures get one more size, the last: that of the elements of the first argument, a list. */
  usesElements?: true
}

interface Natives {
  bool: boolean
  int: bigint
  uint: Uint
  double: number
  string: string
  bytes: Uint8Array
  duration: Duration
  timestamp: Timestamp
  null: null
  type: TypeValue
}

type Native<T extends string> = T extends keyof Natives
  ? Natives[T]
  : T extends 'list(string)'
    ? readonly string[]
    : T extends `list(${string})`
      ? CelList
      : T extends `map(${string})`
        ? CelMap
        : T extends `optional(${string})`
          ? Optional
          : T extends 'dyn' | 'A' | 'B'
            ? CelValue
            : Opaque

type NativesOf<P extends readonly string[]> = { [I in keyof P]: Native<P[I]> }

interface Figures {
  cost?: Figure
  sizeMax?: Figure
  usesElements?: true
}

const ONE = () => 1

/** A function called as `name(...)`. Types are words such as "list(string)"; A and B stand for any type. */
export function globalFunction<const P extends readonly string[]>(
  name: string,
  parameters: P,
  result: string,
  run: (...args: NativesOf<P>) => CelValue,
  figures: Figures = {},
): Overload {
  return {
    name,
    isMember: false,
    parameters: parameters.map(parseType),
    result: parseType(result),
    // The dispatcher has looked at the values' types.
    run: (args) => run(...(args as unknown as NativesOf<P>)),
    cost: figures.cost ?? ONE,
    ...(figures.sizeMax === undefined ? {} : { sizeMax: figures.sizeMax }),
    ...(figures.usesElements === undefined ? {} : { usesElements: true }),
  }
}

/** A function called as `target.name(...)`; its target is the first parameter. */
export function memberFunction<const P extends readonly string[]>(
  name: string,
  parameters: P,
  result: string,
  run: (...args: NativesOf<P>) => CelValue,
  figures: Figures = {},
): Overload {
  return { ...globalFunction(name, parameters, result, run, figures), isMember: true }
}

const WORDS: Readonly<Record<string, CelType>> = {
  dyn: DYN,
  null: NULL,
  bool: BOOL,
  int: INT,
  uint: UINT,
  double: DOUBLE,
  string: STRING,
  bytes: BYTES,
  duration: DURATION,
  timestamp: TIMESTAMP,
  A: { kind: 'parameter', name: 'A' },
  B: { kind: 'parameter', name: 'B' },
  type: { kind: 'type', of: DYN },
}

/** Reads the words of a type; what is none of CEL's own is a type of an extension. */
export function parseType(words: string): CelType {
  const known = WORDS[words]
  if (known !== undefined) return known
  const open = words.indexOf('(')
  if (open < 0) return opaque(words)
  const inner = words.slice(open + 1, -1)
  switch (words.slice(0, open)) {
    case 'list':
      return listOf(parseType(inner))
    case 'optional':
      return optionalOf(parseType(inner))
    case 'map': {
      const comma = inner.indexOf(', ')
      return mapOf(parseType(inner.slice(0, comma)), parseType(inner.slice(comma + 2)))
    }
    default:
      throw new TypeError(`"${words}" is not the name of a type`)
  }
}

/** What it costs to look at a tenth of so many characters each. */
export const traversal = (size: number): number => Math.ceil(size * 0.1)

/** Of two figures, where one may be unbounded and the other 0. */
export const times = (one: number, other: number): number =>
  one === 0 || other === 0 ? 0 : one * other

/** A regular expression is applied: its length stands for the number of its parts. */
export const matching = (text: number, pattern: number): number =>
  times(Math.ceil((text + 1) * 0.1), Math.ceil(pattern * 0.25))
