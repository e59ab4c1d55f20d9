// A message with a place in the text, shown as cel-go shows it.

export interface Problem {
  message: string
  /** Offset in the text. */
  at: number
}

export class SyntaxProblem extends Error {
  override readonly name = 'SyntaxProblem'
  readonly at: number
  constructor(message: string, at: number) {
    super(`Syntax error: ${message}`)
    this.at = at
  }
}

/** "ERROR: <input>:1:6: message", and the line of the text with a mark below. */
export function showProblem(text: string, { message, at }: Problem): string {
  const before = text.slice(0, at)
  const line = before.split('\n').length
  const start = before.lastIndexOf('\n') + 1
  const column = Array.from(text.slice(start, at)).length
  const end = text.indexOf('\n', start)
  const source = text.slice(start, end < 0 ? text.length : end).replaceAll('\t', ' ')
  return `ERROR: <input>:${line}:${column + 1}: ${message}\n | ${source}\n | ${'.'.repeat(column)}^`
}

export const showProblems = (text: string, problems: readonly Problem[]): string =>
  problems.map((problem) => showProblem(text, problem)).join('\n')
