// What a client is told when it has to say who it is: where tokens are given, and for what to ask.
import type { RegistryRequest } from '../http-message.ts'
import { RegistryError } from '../registry-error.ts'
import type { Action } from './access.ts'
import { catalogScope, type Scope, scopeText } from './scope.ts'
import { TOKEN_SERVICE } from './registry-tokens.ts'

export const TOKEN_PATH = '/auth/token'

/** The host as the client wrote it: it is told only to itself, to find the same server again. */
const HOST = /^[a-zA-Z0-9.[\]:_-]{1,260}$/

/** What a token must be good for to do this; a push reads what is there first, lists need the catalog. */
export function neededScope(action: Action, repository: string | undefined): Scope | undefined {
  if (action === 'administer') return undefined
  if (repository === undefined) return catalogScope
  const actions: Action[] = action === 'push' ? ['pull', 'push'] : [action]
  return { type: 'repository', name: repository, actions }
}

/** 401, with a challenge. `problem` is for a token that was sent: RFC 6750, section 3.1. */
export function unauthorized(
  request: RegistryRequest,
  message: string,
  {
    scope,
    problem,
  }: { scope?: Scope | undefined; problem?: 'invalid_token' | 'insufficient_scope' } = {},
): RegistryError {
  const { host = '' } = request.headers
  const realm = HOST.test(host) ? `${request.origin.scheme}://${host}${TOKEN_PATH}` : TOKEN_PATH
  const parameters = [
    ['realm', realm],
    ['service', TOKEN_SERVICE],
    ['scope', scope && scopeText(scope)],
    ['error', problem],
  ]
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name}="${value}"`)
  return new RegistryError('UNAUTHORIZED', message, {
    headers: { 'WWW-Authenticate': `Bearer ${parameters.join(',')}` },
  })
}
