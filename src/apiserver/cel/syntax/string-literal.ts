// String and bytes literals: raw ones, triple quotes, escapes.
import type { Token } from './lexer.ts'
import { SyntaxProblem } from './syntax-error.ts'

const START = /([rRbB]{0,2})("""|'''|"|')/y
const PLAIN: Readonly<Record<string, string>> = {
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  '\\': '\\',
  '?': '?',
  '"': '"',
  "'": "'",
  '`': '`',
}
const NUMERIC: readonly RegExp[] = [
  /[xX]([0-9a-fA-F]{2})/y,
  /u([0-9a-fA-F]{4})/y,
  /U([0-9a-fA-F]{8})/y,
  /([0-3][0-7]{2})/y,
]

/** The literal that starts at `at`. */
export function readLiteralText(text: string, at: number): Token {
  START.lastIndex = at
  const [start = '', prefix = '', quote = ''] = START.exec(text) ?? []
  const isRaw = /r/i.test(prefix)
  const isBytes = /b/i.test(prefix)
  const parts: (string | number)[] = []
  let here = at + start.length
  for (;;) {
    if (text.startsWith(quote, here)) break
    const character = text[here]
    if (character === undefined || (quote.length === 1 && /[\r\n]/.test(character)))
      throw new SyntaxProblem(`token recognition error at: '${text.slice(at, here)}'`, at)
    if (character === '\\' && !isRaw) here += readEscape(text, here + 1, isBytes, parts) + 1
    else {
      const taken = character === '\\' ? text.slice(here, here + 2) : character
      parts.push(taken)
      here += taken.length
    }
  }
  const token = { text: text.slice(at, here + quote.length), at }
  return isBytes
    ? { ...token, type: 'bytes', value: Buffer.concat(parts.map(bytesOf)) }
    : { ...token, type: 'string', value: parts.join('') }
}

const bytesOf = (part: string | number): Buffer =>
  typeof part === 'number' ? Buffer.from([part]) : Buffer.from(part)

/** Adds what the escape stands for; gives its length. */
function readEscape(
  text: string,
  at: number,
  isBytes: boolean,
  parts: (string | number)[],
): number {
  const plain = PLAIN[text[at] ?? '']
  if (plain !== undefined) {
    parts.push(plain)
    return 1
  }
  for (const [index, pattern] of NUMERIC.entries()) {
    pattern.lastIndex = at
    const digits = pattern.exec(text)?.[1]
    if (digits === undefined) continue
    const code = Number.parseInt(digits, index === 3 ? 8 : 16)
    const isUnicode = index === 1 || index === 2
    if (code > 0x10_ff_ff || (code >= 0xd8_00 && code <= 0xdf_ff) || (isBytes && isUnicode)) break
    parts.push(isBytes ? code : String.fromCodePoint(code))
    return pattern.lastIndex - at
  }
  throw new SyntaxProblem(`invalid escape sequence at: '\\${text[at] ?? ''}'`, at - 1)
}
