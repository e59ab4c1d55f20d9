// The tokens that clients get for their password: signed by us, for us alone, short-lived. A token says
// who asked and limits what for; what its owner may is looked up anew with each use.
import { createHash } from 'node:crypto'
import { errors, jwtVerify, SignJWT } from 'jose'
import type { Clock } from '#base/clock.ts'
import { isRepositoryName } from '../repository-name.ts'
import type { Access } from './access.ts'
import { type Account, anonymous, identityOf, loginOf, secretOf } from './account.ts'
import type { Scope } from './scope.ts'

/** Who issues the tokens and for whom: also the `service` that clients are told to ask for. */
export const TOKEN_SERVICE = 'registry.ccs.internal'

const ALGORITHM = 'HS256'

export const tokenLimits = {
  /** Clients fetch another one in time; the docker client takes none under 60. */
  lifeSeconds: 300,
  /** Clocks of this process only, so that little may differ. */
  skewSeconds: 5,
  charsMax: 32_768,
  /** Verified tokens that are remembered, so that a pull of many layers checks one signature. */
  rememberedMax: 4_096,
} as const

export interface TokenGrant {
  account: Account
  scopes: readonly Scope[]
}

interface Claims {
  login: string
  identity: string
  secret: string
  scopes: Scope[]
  expiresAtMs: number
}

/** Enough to notice a change, too little to guess at anything. */
const fingerprint = (secret: string): string =>
  createHash('sha256').update(`registry token\0${secret}`).digest('hex').slice(0, 16)

export class RegistryTokens {
  readonly #key: Uint8Array
  readonly #access: Access
  readonly #clock: Clock
  readonly #remembered = new Map<string, Claims>()

  /** `key`: 32 random bytes or more, kept as the instance's other secrets are. */
  constructor(options: { key: Uint8Array; access: Access; clock: Clock }) {
    this.#key = options.key
    this.#access = options.access
    this.#clock = options.clock
  }

  async issue({ account, scopes }: TokenGrant): Promise<{ token: string; issuedAtMs: number }> {
    const now = this.#clock.now()
    const seconds = Math.floor(now / 1000)
    const token = await new SignJWT({
      id: identityOf(account),
      sec: fingerprint(secretOf(account)),
      access: scopes.map(({ type, name, actions }) => ({ type, name, actions })),
    })
      .setProtectedHeader({ alg: ALGORITHM, typ: 'JWT' })
      .setIssuer(TOKEN_SERVICE)
      .setAudience(TOKEN_SERVICE)
      .setSubject(loginOf(account))
      .setIssuedAt(seconds)
      .setNotBefore(seconds)
      .setExpirationTime(seconds + tokenLimits.lifeSeconds)
      .sign(this.#key)
    return { token, issuedAtMs: seconds * 1000 }
  }

  /** What a token is good for now; nothing when it is not ours, too old, or its owner is another or gone. */
  async verify(token: string): Promise<TokenGrant | undefined> {
    const claims = await this.#claimsOf(token)
    if (claims === undefined || this.#clock.now() >= claims.expiresAtMs) return undefined
    const account =
      claims.identity === identityOf(anonymous) ? anonymous : this.#access.find(claims.login)
    if (account === undefined || identityOf(account) !== claims.identity) return undefined
    if (fingerprint(secretOf(account)) !== claims.secret) return undefined
    return { account, scopes: claims.scopes }
  }

  async #claimsOf(token: string): Promise<Claims | undefined> {
    if (token.length > tokenLimits.charsMax) return undefined
    const known = this.#remembered.get(token)
    if (known !== undefined) return known
    const claims = await this.#checked(token)
    if (claims === undefined) return undefined
    if (this.#remembered.size >= tokenLimits.rememberedMax) this.#forgetOldest()
    this.#remembered.set(token, claims)
    return claims
  }

  #forgetOldest(): void {
    const [oldest] = this.#remembered.keys()
    if (oldest !== undefined) this.#remembered.delete(oldest)
  }

  async #checked(token: string): Promise<Claims | undefined> {
    try {
      // The algorithm is ours to say, and the key never comes of the token.
      const { payload } = await jwtVerify(token, this.#key, {
        algorithms: [ALGORITHM],
        issuer: TOKEN_SERVICE,
        audience: TOKEN_SERVICE,
        requiredClaims: ['sub', 'iat', 'nbf', 'exp', 'id', 'sec', 'access'],
        clockTolerance: tokenLimits.skewSeconds,
        currentDate: new Date(this.#clock.now()),
      })
      const { sub, id, sec, exp, access } = payload
      return {
        login: sub!,
        identity: String(id),
        secret: String(sec),
        scopes: (access as Scope[]).filter(
          ({ type, name }) => type === 'registry' || isRepositoryName(name),
        ),
        expiresAtMs: exp! * 1000,
      }
    } catch (error) {
      if (error instanceof errors.JOSEError) return undefined
      throw error
    }
  }
}
