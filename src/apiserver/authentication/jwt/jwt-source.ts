// Bearer tokens of issuers that the operator trusts (OpenID Connect): verified by the issuer's keys, and made a user by
// its mapping.
import { errors, jwtVerify } from 'jose'
import type { UserInfo } from '#base/api-call.ts'
import type { Clock } from '#base/clock.ts'
import type { Logger } from '#base/log.ts'
import type { TokenIdentity } from '../../context.ts'
import type { Outgoing } from '../../outgoing/outgoing.ts'
import type { TokenSource } from '../token-source.ts'
import { type JwtAuthenticator, jwtLimits } from './configuration.ts'
import { KeySet } from './key-set.ts'
import { type Claims, claimMapping, unverifiedClaims } from './map-claims.ts'

export interface JwtSourceOptions {
  /** The issuers that count now: the same array as long as nothing changed. */
  issuers: () => readonly JwtAuthenticator[]
  outgoing: Pick<Outgoing, 'ask'>
  clock: Clock
  log: Logger
}

/** Signatures with a key pair: with a shared secret, whoever can verify could sign. */
const ALGORITHMS = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512']

interface Issuer {
  audiences: readonly string[]
  keys: KeySet
  userOf(claims: Claims): UserInfo
}

export function createJwtSource(options: JwtSourceOptions): TokenSource {
  const { clock, log } = options
  let read: readonly JwtAuthenticator[] | undefined
  let issuers = new Map<string, Issuer>()
  const current = (): Map<string, Issuer> => {
    const configured = options.issuers()
    if (configured !== read)
      issuers = new Map(configured.map((jwt) => [jwt.issuer.url, issuerOf(jwt)]))
    read = configured
    return issuers
  }
  const issuerOf = (jwt: JwtAuthenticator): Issuer => ({
    audiences: jwt.issuer.audiences ?? [],
    keys: new KeySet({ issuer: jwt.issuer, outgoing: options.outgoing, clock }),
    userOf: claimMapping(jwt),
  })
  return {
    async identify(token, audiences): Promise<TokenIdentity | undefined> {
      if (token.length > jwtLimits.tokenLengthMax || options.issuers().length === 0)
        return undefined
      const url = unverifiedClaims(token)?.['iss']
      const issuer = typeof url === 'string' ? current().get(url) : undefined
      if (issuer === undefined) return undefined
      try {
        const claims = await verified(token, url as string, issuer, clock)
        const named = [claims.aud ?? []].flat()
        const wanted = audiences ?? issuer.audiences
        const good = named.filter((one) => issuer.audiences.includes(one) && wanted.includes(one))
        if (good.length === 0) return undefined
        return { user: issuer.userOf(claims as Claims), audiences: good }
      } catch (error) {
        // Never the token: what is wrong with it is the operator's to know.
        log.info('a token was refused', { issuer: url, error: (error as Error).message })
        return undefined
      }
    },
  }
}

async function verified(token: string, issuer: string, { audiences, keys }: Issuer, clock: Clock) {
  const verify = async (anew: boolean) =>
    jwtVerify(token, await keys.keys({ anew }), {
      algorithms: ALGORITHMS,
      issuer,
      audience: [...audiences],
      requiredClaims: ['exp'],
      currentDate: new Date(clock.now()),
      clockTolerance: jwtLimits.clockToleranceSeconds,
    })
  try {
    return (await verify(false)).payload
  } catch (error) {
    // The issuer may have a new key.
    if (!(error instanceof errors.JWKSNoMatchingKey)) throw error
    return (await verify(true)).payload
  }
}
