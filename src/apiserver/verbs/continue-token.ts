// The token that names the next page of a list, in the form Kubernetes uses.
import { badRequest } from '#base/errors.ts'

export interface ContinueToken {
  /** Version of the first page. */
  revision: number
  /** The last key delivered, below the list's prefix. */
  after: string
  /** How many objects the pages so far held. */
  seen: number
}

const VERSION = 'meta.k8s.io/v1'
/** The smallest key after the last one delivered starts where that one ends. */
const END = '\u0000'

export function writeContinueToken({ revision, after, seen }: ContinueToken): string {
  const token = { v: VERSION, rv: revision, start: `/${after}${END}`, seen }
  return Buffer.from(JSON.stringify(token)).toString('base64url')
}

/** What Go says of the first byte that cannot begin a JSON value, as a character of Latin-1. */
function syntaxError(bytes: Buffer, error: Error): string {
  const first = bytes.find((byte) => !/\s/.test(String.fromCharCode(byte)))
  if (first === undefined) return 'unexpected end of JSON input'
  const character = String.fromCharCode(first)
  if (/[[{"\-\dtfn]/.test(character)) return error.message
  const shown = /[\x20-\x7e]/.test(character)
    ? character
    : `\\u${first.toString(16).padStart(4, '0')}`
  return `invalid character '${shown}' looking for beginning of value`
}

export function readContinueToken(text: string): ContinueToken {
  const bytes = Buffer.from(text, 'base64url')
  try {
    const token = JSON.parse(bytes.toString()) as Record<string, unknown>
    const { v, rv, start, seen } = token
    if (v === VERSION && typeof rv === 'number' && typeof start === 'string' && start.length > 1)
      return {
        revision: rv,
        after: start.slice(1, start.endsWith(END) ? -END.length : undefined),
        seen: typeof seen === 'number' ? seen : 0,
      }
  } catch (error) {
    throw badRequest(
      `invalid continue token: continue key is not valid: ${syntaxError(bytes, error as Error)}`,
      error,
    )
  }
  throw badRequest('invalid continue token: continue key is not valid: unknown form')
}
