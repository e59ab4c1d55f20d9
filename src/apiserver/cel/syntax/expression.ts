// What the parser makes of a text. `at` is the offset in the text that messages point to.
import type { CelValue } from '../values.ts'

export type Expression =
  | { kind: 'literal'; value: CelValue; at: number }
  | { kind: 'name'; name: string; at: number }
  | {
      kind: 'select'
      operand: Expression
      field: string
      optional: boolean
      test: boolean
      at: number
    }
  | { kind: 'index'; operand: Expression; index: Expression; optional: boolean; at: number }
  | Call
  /** `&&` and `||`: chains of them are one node, so that long ones are not deep. */
  | { kind: 'and' | 'or'; operands: Expression[]; at: number }
  | { kind: 'conditional'; test: Expression; yes: Expression; no: Expression; at: number }
  | { kind: 'list'; items: Item[]; at: number }
  | { kind: 'map'; entries: Entry[]; at: number }
  | { kind: 'struct'; name: string; fields: Field[]; at: number }
  | Fold
  | { kind: 'bind'; name: string; value: Expression; body: Expression; at: number }
  /** `optMap`, and `optFlatMap` when flat. */
  | {
      kind: 'optMap'
      operand: Expression
      name: string
      body: Expression
      flat: boolean
      at: number
    }

export interface Call {
  kind: 'call'
  name: string
  target: Expression | undefined
  args: Expression[]
  at: number
}

export interface Item {
  value: Expression
  optional: boolean
}

export interface Entry {
  key: Expression
  value: Expression
  optional: boolean
  at: number
}

export interface Field {
  name: string
  value: Expression
  optional: boolean
  at: number
}

export type FoldKind =
  | 'all'
  | 'exists'
  | 'exists_one'
  | 'map'
  | 'filter'
  | 'transformList'
  | 'transformMap'
  | 'transformMapEntry'

/** A macro over the elements of a list or the entries of a map. */
export interface Fold {
  kind: 'fold'
  macro: FoldKind
  range: Expression
  /** The name of the element or key; with two, of index and element, or of key and value. */
  names: readonly [string] | readonly [string, string]
  /** Which elements `map`, `transformList` and `transformMap` take. */
  condition: Expression | undefined
  body: Expression
  at: number
}
