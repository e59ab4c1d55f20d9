// Splits the text of an expression into tokens.
import { readLiteralText } from './string-literal.ts'
import { SyntaxProblem } from './syntax-error.ts'

export type Token = { at: number; text: string } & (
  | { type: 'name' | 'keyword' | 'operator' | 'end' }
  | { type: 'int' | 'uint'; value: bigint }
  | { type: 'double'; value: number }
  | { type: 'string'; value: string }
  | { type: 'bytes'; value: Uint8Array }
)

const KEYWORDS = new Set(['true', 'false', 'null', 'in'])
const SPACE = /(?:[ \t\r\n\f]|\/\/[^\n]*)+/y
const NAME = /[A-Za-z_]\w*/y
const NUMBER =
  /0x[0-9a-fA-F]+[uU]?|(?:\d+\.\d+(?:[eE][+-]?\d+)?|\d+[eE][+-]?\d+|\.\d+(?:[eE][+-]?\d+)?)|\d+[uU]?/y
const STRING_START = /(?:[rR][bB]?|[bB][rR]?)?("""|'''|"|')/y
const OPERATOR = /&&|\|\||==|!=|<=|>=|[-+*/%<>!?:.,()[\]{}]/y

export function tokenize(text: string): Token[] {
  const tokens: Token[] = []
  let at = 0
  const match = (pattern: RegExp): string | undefined => {
    pattern.lastIndex = at
    return pattern.exec(text)?.[0]
  }
  while (at < text.length) {
    const space = match(SPACE)
    if (space !== undefined) {
      at += space.length
      continue
    }
    const token = nextToken(text, at, match)
    tokens.push(token)
    at += token.text.length
  }
  tokens.push({ type: 'end', text: '<EOF>', at })
  return tokens
}

function nextToken(
  text: string,
  at: number,
  match: (pattern: RegExp) => string | undefined,
): Token {
  if (match(STRING_START) !== undefined) return readLiteralText(text, at)
  const name = match(NAME)
  if (name !== undefined) return { type: KEYWORDS.has(name) ? 'keyword' : 'name', text: name, at }
  const number = match(NUMBER)
  if (number !== undefined) return numberToken(number, at)
  const operator = match(OPERATOR)
  if (operator !== undefined) return { type: 'operator', text: operator, at }
  const character = String.fromCodePoint(text.codePointAt(at)!)
  throw new SyntaxProblem(`token recognition error at: '${character}'`, at)
}

function numberToken(text: string, at: number): Token {
  if (/^\d*\.\d|^\d+[eE]/.test(text)) return { type: 'double', text, at, value: Number(text) }
  if (!/[uU]$/.test(text)) return { type: 'int', text, at, value: BigInt(text) }
  return { type: 'uint', text, at, value: BigInt(text.slice(0, -1)) }
}
