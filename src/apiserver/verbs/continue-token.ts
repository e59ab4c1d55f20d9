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

export function readContinueToken(text: string): ContinueToken {
  try {
    const token = JSON.parse(Buffer.from(text, 'base64url').toString()) as Record<string, unknown>
    const { v, rv, start, seen } = token
    if (v === VERSION && typeof rv === 'number' && typeof start === 'string' && start.length > 1)
      return {
        revision: rv,
        after: start.slice(1, start.endsWith(END) ? -END.length : undefined),
        seen: typeof seen === 'number' ? seen : 0,
      }
  } catch (error) {
    throw badRequest(
      `invalid continue token: continue key is not valid: ${(error as Error).message}`,
      error,
    )
  }
  throw badRequest('invalid continue token: continue key is not valid: unknown form')
}
