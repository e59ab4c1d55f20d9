// Parses the text of an expression; macros become nodes of their own here.
import { Uint } from '../values.ts'
import type { Entry, Expression, Field, Item } from './expression.ts'
import type { Token } from './lexer.ts'
import { tokenize } from './lexer.ts'
import { expandMacro } from './macros.ts'
import { SyntaxProblem } from './syntax-error.ts'

/** Bounds that keep parsing quick and the stack shallow. */
export const syntaxLimits = { lengthMax: 100_000, depthMax: 250, chainMax: 500 } as const

const RESERVED = new Set(
  'as break const continue else for function if import let loop package namespace return var void while'.split(
    ' ',
  ),
)
const PRIMARY_EXPECTED =
  "expecting {'[', '{', '(', '.', '-', '!', 'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, IDENTIFIER}"
const INT_MAX = 2n ** 63n - 1n
const UINT_MAX = 2n ** 64n - 1n

/** Operators from the loosest to the tightest, with the functions they call. */
const BINARY: readonly Readonly<Record<string, string>>[] = [
  { '<': '_<_', '<=': '_<=_', '>': '_>_', '>=': '_>=_', '==': '_==_', '!=': '_!=_', in: '@in' },
  { '+': '_+_', '-': '_-_' },
  { '*': '_*_', '/': '_/_', '%': '_%_' },
]

/** Throws SyntaxProblem. */
export function parse(text: string): Expression {
  if (text.length > syntaxLimits.lengthMax)
    throw new SyntaxProblem(
      `expression code point size exceeds limit: size: ${text.length}, limit ${syntaxLimits.lengthMax}`,
      0,
    )
  return new Parser(tokenize(text)).parse()
}

class Parser {
  readonly #tokens: readonly Token[]
  #next = 0
  #depth = 0

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens
  }

  parse(): Expression {
    const expression = this.#expression()
    const rest = this.#peek()
    if (rest.type !== 'end')
      throw new SyntaxProblem(`extraneous input '${rest.text}' expecting <EOF>`, rest.at)
    return expression
  }

  #peek(): Token {
    return this.#tokens[this.#next]!
  }

  #take(): Token {
    return this.#tokens[this.#next++]!
  }

  #is(text: string): boolean {
    const token = this.#peek()
    return token.text === text && (token.type === 'operator' || token.type === 'keyword')
  }

  #takeIf(text: string): Token | undefined {
    return this.#is(text) ? this.#take() : undefined
  }

  #expect(text: string): Token {
    const token = this.#takeIf(text)
    if (token !== undefined) return token
    const found = this.#peek()
    throw new SyntaxProblem(`mismatched input '${found.text}' expecting '${text}'`, found.at)
  }

  #expression(): Expression {
    if (++this.#depth > syntaxLimits.depthMax)
      throw new SyntaxProblem(
        `expression recursion limit exceeded: ${syntaxLimits.depthMax}`,
        this.#peek().at,
      )
    const test = this.#logic('||')
    const question = this.#takeIf('?')
    let result = test
    if (question !== undefined) {
      const yes = this.#logic('||')
      this.#expect(':')
      const no = this.#expression()
      result = { kind: 'conditional', test, yes, no, at: question.at }
    }
    this.#depth--
    return result
  }

  #logic(operator: '||' | '&&'): Expression {
    const operand = () => (operator === '||' ? this.#logic('&&') : this.#binary(0))
    const operands = [operand()]
    let at = 0
    for (let token = this.#takeIf(operator); token !== undefined; token = this.#takeIf(operator)) {
      at = token.at
      operands.push(operand())
    }
    if (operands.length === 1) return operands[0]!
    return { kind: operator === '||' ? 'or' : 'and', operands, at }
  }

  #binary(level: number): Expression {
    const operators = BINARY[level]
    if (operators === undefined) return this.#unary()
    let left = this.#binary(level + 1)
    for (let links = 0; ; links++) {
      const token = this.#peek()
      const isOperator = token.type === 'operator' || token.type === 'keyword'
      if (!isOperator || !Object.hasOwn(operators, token.text)) return left
      this.#checkChain(links, token)
      this.#take()
      const args = [left, this.#binary(level + 1)]
      left = { kind: 'call', name: operators[token.text]!, target: undefined, args, at: token.at }
    }
  }

  #checkChain(links: number, { at }: Token): void {
    if (links > syntaxLimits.chainMax)
      throw new SyntaxProblem(`expression recursion limit exceeded: ${syntaxLimits.chainMax}`, at)
  }

  #unary(): Expression {
    const first = this.#peek()
    if (!this.#is('!') && !this.#is('-')) return this.#member()
    let count = 0
    while (this.#takeIf(first.text)) count++
    const number = this.#peek()
    if (
      first.text === '-' &&
      count % 2 === 1 &&
      (number.type === 'int' || number.type === 'double')
    )
      return this.#member(true)
    const operand = this.#member()
    if (count % 2 === 0) return operand
    const name = first.text === '!' ? '!_' : '-_'
    return { kind: 'call', name, target: undefined, args: [operand], at: first.at }
  }

  #member(isNegative = false): Expression {
    let operand = this.#primary(isNegative)
    for (let links = 0; ; links++) {
      const token = this.#peek()
      if (token.type !== 'operator') return operand
      if (token.text === '.') operand = this.#dot(operand)
      else if (token.text === '[') operand = this.#index(operand)
      else if (token.text === '{' && structName(operand) !== undefined)
        operand = this.#struct(structName(operand)!, token)
      else return operand
      this.#checkChain(links, token)
    }
  }

  #dot(operand: Expression): Expression {
    const dot = this.#take()
    const optional = this.#takeIf('?') !== undefined
    const name = this.#take()
    if (name.type !== 'name')
      throw new SyntaxProblem(`no viable alternative at input '.${name.text}'`, name.at)
    const open = optional ? undefined : this.#takeIf('(')
    if (open === undefined)
      return { kind: 'select', operand, field: name.text, optional, test: false, at: dot.at }
    const args = this.#list(')')
    const call = { kind: 'call', name: name.text, target: operand, args, at: open.at } as const
    return expandMacro(call) ?? call
  }

  #index(operand: Expression): Expression {
    const { at } = this.#take()
    const optional = this.#takeIf('?') !== undefined
    const index = this.#expression()
    this.#expect(']')
    return { kind: 'index', operand, index, optional, at }
  }

  #primary(isNegative: boolean): Expression {
    const token = this.#take()
    const { at } = token
    switch (token.type) {
      case 'int': {
        const value = isNegative ? -token.value : token.value
        if (value > INT_MAX || value < -INT_MAX - 1n)
          throw new SyntaxProblem('invalid int literal', at)
        return { kind: 'literal', value, at }
      }
      case 'uint':
        if (token.value > UINT_MAX) throw new SyntaxProblem('invalid uint literal', at)
        return { kind: 'literal', value: new Uint(token.value), at }
      case 'double':
        return { kind: 'literal', value: isNegative ? -token.value : token.value, at }
      case 'string':
      case 'bytes':
        return { kind: 'literal', value: token.value, at }
      case 'name':
        return this.#name(token, token.text)
      case 'keyword':
        if (token.text === 'null') return { kind: 'literal', value: null, at }
        if (token.text !== 'in') return { kind: 'literal', value: token.text === 'true', at }
        break
      case 'operator':
        return this.#bracketed(token)
      case 'end':
    }
    throw new SyntaxProblem(`mismatched input '${token.text}' ${PRIMARY_EXPECTED}`, at)
  }

  #bracketed(token: Token): Expression {
    const { at } = token
    if (token.text === '(') {
      const inner = this.#expression()
      this.#expect(')')
      return inner
    }
    if (token.text === '[') return { kind: 'list', items: this.#items(), at }
    if (token.text === '{') return { kind: 'map', entries: this.#entries(), at }
    if (token.text === '.' && this.#peek().type === 'name')
      return this.#name(this.#take(), `.${this.#tokens[this.#next - 1]!.text}`)
    throw new SyntaxProblem(`mismatched input '${token.text}' ${PRIMARY_EXPECTED}`, at)
  }

  #name(token: Token, name: string): Expression {
    if (RESERVED.has(token.text))
      throw new SyntaxProblem(`reserved identifier: ${token.text}`, token.at)
    const open = this.#takeIf('(')
    if (open === undefined) return { kind: 'name', name, at: token.at }
    const args = this.#list(')')
    const call = { kind: 'call', name, target: undefined, args, at: open.at } as const
    return expandMacro(call) ?? call
  }

  #list(close: string): Expression[] {
    const items: Expression[] = []
    if (this.#takeIf(close)) return items
    do items.push(this.#expression())
    while (this.#takeIf(','))
    this.#expect(close)
    return items
  }

  #items(): Item[] {
    const items: Item[] = []
    while (!this.#takeIf(']')) {
      const optional = this.#takeIf('?') !== undefined
      items.push({ value: this.#expression(), optional })
      if (!this.#is(']')) this.#expect(',')
    }
    return items
  }

  #entries(): Entry[] {
    const entries: Entry[] = []
    while (!this.#takeIf('}')) {
      const optional = this.#takeIf('?') !== undefined
      const key = this.#expression()
      const { at } = this.#expect(':')
      entries.push({ key, value: this.#expression(), optional, at })
      if (!this.#is('}')) this.#expect(',')
    }
    return entries
  }

  #struct(name: string, { at }: Token): Expression {
    this.#take()
    const fields: Field[] = []
    while (!this.#takeIf('}')) {
      const optional = this.#takeIf('?') !== undefined
      const field = this.#take()
      if (field.type !== 'name')
        throw new SyntaxProblem(`mismatched input '${field.text}' expecting IDENTIFIER`, field.at)
      const colon = this.#expect(':')
      fields.push({ name: field.text, value: this.#expression(), optional, at: colon.at })
      if (!this.#is('}')) this.#expect(',')
    }
    return { kind: 'struct', name, fields, at }
  }
}

/** The dotted name that an expression spells; undefined when it is more than names. */
function structName(expression: Expression): string | undefined {
  if (expression.kind === 'name') return expression.name
  if (expression.kind !== 'select' || expression.optional || expression.test) return undefined
  const operand = structName(expression.operand)
  return operand === undefined ? undefined : `${operand}.${expression.field}`
}
