// Reads "a=b,c in (d,e),!f" with the messages of k8s.io/apimachinery's labels package.
import { badRequest } from '#base/errors.ts'
import type { LabelOperator, LabelRequirement } from './label-selector.ts'
import { checkLabelValue, checkQualifiedName } from './names.ts'

type Symbol = '=' | '==' | '!=' | '!' | '(' | ')' | ',' | '>' | '<'

interface Token {
  type: 'identifier' | 'end' | Symbol
  text: string
}

const TOKEN = /\s*(==|!=|[=!(),<>]|[^\s=!(),<>]+)/y
const END: Token = { type: 'end', text: '' }
const OPERATORS: Readonly<Record<string, LabelOperator>> = {
  '=': '=',
  '==': '==',
  '!=': '!=',
  '>': 'gt',
  '<': 'lt',
  in: 'in',
  notin: 'notin',
}
const INTEGER = /^[+-]?\d+$/

class SelectorSyntaxError extends Error {
  override readonly name = 'SelectorSyntaxError'
}

const found = (token: Token, rest: string): SelectorSyntaxError =>
  new SelectorSyntaxError(`found '${token.text}'${rest}`)

function tokenize(text: string): Token[] {
  const tokens: Token[] = []
  const source = text.trimEnd()
  TOKEN.lastIndex = 0
  while (TOKEN.lastIndex < source.length) {
    const word = TOKEN.exec(source)![1]!
    const isSymbol = /^[=!(),<>]/.test(word)
    tokens.push({ type: isSymbol ? (word as Symbol) : 'identifier', text: word })
  }
  return tokens
}

class Parser {
  readonly #tokens: readonly Token[]
  #next = 0

  constructor(text: string) {
    this.#tokens = tokenize(text)
  }

  #peek(): Token {
    return this.#tokens[this.#next] ?? END
  }

  #take(): Token {
    const token = this.#peek()
    this.#next++
    return token
  }

  requirements(): LabelRequirement[] {
    const result: LabelRequirement[] = []
    for (;;) {
      const first = this.#peek()
      if (first.type === 'end') return result
      if (first.type !== 'identifier' && first.type !== '!')
        throw found(first, ", expected: !, identifier, or 'end of string'")
      result.push(this.#requirement())
      const separator = this.#take()
      if (separator.type === 'end') return result
      if (separator.type !== ',') throw found(separator, ", expected: ',' or 'end of string'")
      const next = this.#peek()
      if (next.type !== 'identifier' && next.type !== '!')
        throw found(next, ", expected: identifier after ','")
    }
  }

  #requirement(): LabelRequirement {
    try {
      return checked(this.#unchecked())
    } catch (error) {
      if (!(error instanceof SelectorSyntaxError)) throw error
      throw new SelectorSyntaxError(`unable to parse requirement: ${error.message}`, {
        cause: error,
      })
    }
  }

  #unchecked(): LabelRequirement {
    const negated = this.#peek().type === '!'
    if (negated) this.#take()
    const key = this.#take()
    if (key.type !== 'identifier') throw found(key, ', expected: identifier')
    if (negated) return { key: key.text, operator: '!', values: [] }
    const next = this.#peek()
    if (next.type === 'end' || next.type === ',')
      return { key: key.text, operator: 'exists', values: [] }
    const operator = this.#operator()
    const values = operator === 'in' || operator === 'notin' ? this.#values() : [this.#exactValue()]
    return { key: key.text, operator, values }
  }

  #operator(): LabelOperator {
    const token = this.#take()
    const operator = Object.hasOwn(OPERATORS, token.text) ? OPERATORS[token.text] : undefined
    if (operator === undefined) throw found(token, ', expected: in, notin, =, ==, !=, gt, lt')
    return operator
  }

  #exactValue(): string {
    const { type } = this.#peek()
    if (type === 'end' || type === ',') return ''
    const token = this.#take()
    if (token.type !== 'identifier') throw found(token, ', expected: identifier')
    return token.text
  }

  #values(): string[] {
    const open = this.#take()
    // No comma after the quote: Kubernetes writes this one so.
    if (open.type !== '(') throw found(open, " expected: '('")
    const first = this.#peek()
    if (first.type === ')') {
      this.#take()
      return []
    }
    if (first.type !== 'identifier' && first.type !== ',')
      throw found(first, ", expected: ',', ')' or identifier")
    const values = new Set<string>()
    for (;;) {
      // A missing identifier between separators is the empty value.
      values.add(this.#peek().type === 'identifier' ? this.#take().text : '')
      const separator = this.#take()
      if (separator.type === ')') return [...values]
      if (separator.type !== ',') throw found(separator, ", expected: ',' or ')'")
    }
  }
}

function checked(requirement: LabelRequirement): LabelRequirement {
  const { key, operator, values } = requirement
  const refuse = (field: string, value: unknown, detail: string): never => {
    throw new SelectorSyntaxError(`${field}: Invalid value: ${JSON.stringify(value)}: ${detail}`)
  }
  const [keyError] = checkQualifiedName(key)
  if (keyError !== undefined) refuse('key', key, keyError)
  if ((operator === 'in' || operator === 'notin') && values.length === 0)
    refuse('values', values, "for 'in', 'notin' operators, values set can't be empty")
  if ((operator === 'gt' || operator === 'lt') && !INTEGER.test(values[0]!))
    refuse('values[0]', values[0], "for 'Gt', 'Lt' operators, the value must be an integer")
  for (const [index, value] of values.entries()) {
    const [valueError] = checkLabelValue(value)
    if (valueError !== undefined) refuse(`values[${index}][${key}]`, value, valueError)
  }
  return requirement
}

/** The requirements of a written selector. Throws BadRequest. */
export function parseLabelSelector(text: string): LabelRequirement[] {
  try {
    return new Parser(text).requirements()
  } catch (error) {
    if (!(error instanceof SelectorSyntaxError)) throw error
    throw badRequest(error.message, error)
  }
}
