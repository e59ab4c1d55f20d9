// Where clients get tokens, by GET as docker asks and by POST as containerd does (the token specification
// of the distribution project). Who may less than it asks for gets a token for what it may.
import { rfc3339 } from '#base/clock.ts'
import { jsonResponse, type RegistryRequest, type RegistryResponse } from '../http-message.ts'
import { RegistryError } from '../registry-error.ts'
import { type Account, anonymous } from './account.ts'
import type { Authenticator } from './authenticator.ts'
import { TOKEN_SERVICE, tokenLimits } from './registry-tokens.ts'
import { parseScopes, type Scope } from './scope.ts'

/** Bytes of a form; a password and some dozens of scopes fit. */
const FORM_BYTES_MAX = 64 * 1024

export async function answerTokenRequest(
  request: RegistryRequest,
  authenticator: Authenticator,
): Promise<RegistryResponse> {
  switch (request.method) {
    case 'GET':
    case 'HEAD':
      return token(authenticator, await authenticator.account(request), request.query)
    case 'POST': {
      const form = await readForm(request)
      return token(authenticator, await accountOfForm(request, form, authenticator), form)
    }
    default:
      throw new RegistryError('UNSUPPORTED', `${request.method} is not possible here`, {
        headers: { Allow: 'GET, HEAD, POST' },
      })
  }
}

async function accountOfForm(
  request: RegistryRequest,
  form: URLSearchParams,
  authenticator: Authenticator,
): Promise<Account> {
  const grantType = form.get('grant_type')
  if (grantType !== 'password')
    // Clients that find this go on to ask by GET.
    throw new RegistryError('UNSUPPORTED', 'grant_type must be "password"', { status: 400 })
  const username = form.get('username') ?? ''
  if (username === '' && !form.has('password')) return anonymous
  return authenticator.account(request, { username, password: form.get('password') ?? '' })
}

async function token(
  authenticator: Authenticator,
  account: Account,
  parameters: URLSearchParams,
): Promise<RegistryResponse> {
  const service = parameters.get('service')
  if (service !== null && service !== TOKEN_SERVICE)
    throw new RegistryError('UNSUPPORTED', `tokens here are for the service ${TOKEN_SERVICE}`, {
      status: 400,
    })
  const actor = authenticator.actorFor(account)
  const scopes = parseScopes(parameters.getAll('scope'))
    .map((scope) => narrowed(scope, (action, name) => actor.may(action, name) !== undefined))
    .filter((scope) => scope !== undefined)
  const { token: text, issuedAtMs } = await authenticator.tokens.issue({ account, scopes })
  return jsonResponse(
    {
      token: text,
      access_token: text,
      token_type: 'Bearer',
      expires_in: tokenLimits.lifeSeconds,
      issued_at: rfc3339(issuedAtMs),
      scope: parameters.getAll('scope').join(' '),
    },
    { headers: { 'Cache-Control': 'no-store' } },
  )
}

/** The part of a scope that is granted; nothing when no part is. */
function narrowed(
  scope: Scope,
  isGranted: (action: 'pull' | 'push' | 'delete', repository: string | undefined) => boolean,
): Scope | undefined {
  if (scope.type === 'registry') return isGranted('pull', undefined) ? scope : undefined
  const actions = scope.actions.filter((action) => isGranted(action as 'pull', scope.name))
  return actions.length === 0 ? undefined : { ...scope, actions }
}

async function readForm({ body, headers }: RegistryRequest): Promise<URLSearchParams> {
  const type = headers['content-type']?.split(';', 1)[0]?.trim().toLowerCase()
  if (type !== 'application/x-www-form-urlencoded')
    throw new RegistryError('UNSUPPORTED', 'send a form: application/x-www-form-urlencoded', {
      status: 415,
    })
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of body) {
    size += chunk.length
    if (size > FORM_BYTES_MAX)
      throw new RegistryError('SIZE_INVALID', 'the form is too large', { status: 413 })
    chunks.push(chunk)
  }
  return new URLSearchParams(Buffer.concat(chunks).toString())
}
