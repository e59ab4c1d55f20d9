// Who asks: by a token of ours, by name and password, or nobody.
import { parseBasicAuthorization } from '../credentials.ts'
import type { RegistryRequest } from '../http-message.ts'
import type { Access } from './access.ts'
import { type Account, anonymous } from './account.ts'
import { type Actor, actorOf } from './actor.ts'
import { unauthorized } from './challenge.ts'
import type { LogIn } from './log-in.ts'
import type { RegistryTokens } from './registry-tokens.ts'

export interface AuthenticatorOptions {
  access: Access
  logIn: LogIn
  tokens: RegistryTokens
}

export class Authenticator {
  readonly #access: Access
  readonly #logIn: LogIn
  readonly tokens: RegistryTokens

  constructor({ access, logIn, tokens }: AuthenticatorOptions) {
    this.#access = access
    this.#logIn = logIn
    this.tokens = tokens
  }

  /** Throws UNAUTHORIZED for what was sent and is wrong; who sends nothing is anonymous. */
  async actor(request: RegistryRequest): Promise<Actor> {
    const token = bearerOf(request)
    if (token === undefined) return actorOf(this.#access, await this.account(request))
    const grant = await this.tokens.verify(token)
    if (grant === undefined)
      throw unauthorized(request, 'the token is not valid, or not any more', {
        problem: 'invalid_token',
      })
    return actorOf(this.#access, grant.account, grant.scopes)
  }

  /** The account behind name and password; anonymous when there are none. Throws UNAUTHORIZED. */
  async account(
    request: RegistryRequest,
    credentials = parseBasicAuthorization(request.headers['authorization']),
  ): Promise<Account> {
    if (credentials === undefined) {
      if (request.headers['authorization'] === undefined) return anonymous
      throw unauthorized(request, 'credentials are sent as "Basic" or "Bearer"')
    }
    const { remoteAddress: address, cluster } = request.origin
    const account = await this.#logIn.account(credentials, { address, cluster })
    if (account === undefined) throw unauthorized(request, 'wrong user name or password')
    return account
  }

  /** The account as itself, with no token's limits. */
  actorFor(account: Account): Actor {
    return actorOf(this.#access, account)
  }
}

const bearerOf = ({ headers }: RegistryRequest): string | undefined =>
  /^bearer +([\w.~+/-]+=*)$/i.exec(headers['authorization'] ?? '')?.[1]
