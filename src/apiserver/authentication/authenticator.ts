// Who sends a request: by client certificate, by bearer token, or nobody. Credentials that are wrong
// are refused, never treated as none.
import type { X509Certificate } from 'node:crypto'
import type { UserInfo } from '#base/api-call.ts'
import type { Clock } from '#base/clock.ts'
import { clientIdentity } from '#identity/client-identity.ts'
import { hashToken } from '#identity/secret-token.ts'
import type { TokenIssuer } from '#identity/token-issuer.ts'
import { unauthorized } from '../api-errors.ts'
import type { TokenIdentity } from '../context.ts'
import type { ObjectStorage } from '../objects/object-storage.ts'
import { boundedCache } from './bounded-cache.ts'
import { CREDENTIAL_ID, tokenUser } from './service-account-user.ts'
import { stillHolds } from './service-account-token.ts'
import type { TokenSource } from './token-source.ts'

export const ANONYMOUS: UserInfo = {
  username: 'system:anonymous',
  groups: ['system:unauthenticated'],
}

export interface Credentials {
  authorization: string | undefined
  certificate: X509Certificate | undefined
}

export interface AuthenticatorOptions {
  clock: Clock
  objects: ObjectStorage
  tokens: TokenIssuer
  /** PEM of the authority whose client certificates count here; none count without it. */
  clientAuthorityPem: string | undefined
  /** The user of an opaque token, by its SHA-256 in hex. */
  findToken: (hash: string) => UserInfo | undefined
  /** Asked for tokens that are neither opaque nor a service account's. */
  tokenSources?: readonly TokenSource[]
}

export interface Identified {
  user: UserInfo
  /** For how many seconds the token should have been replaced already. */
  staleSeconds?: number
}

export interface Authenticator {
  authenticate(credentials: Credentials): Promise<Identified>
  /** Without audiences the token must be one for the API server. */
  identifyToken(
    token: string,
    audiences: readonly string[] | undefined,
  ): Promise<TokenIdentity | undefined>
}

/** How long a checked signature is believed; what it names is looked up every time. */
const CHECKED_MS = 10_000
const CHECKED_MAX = 5_000

export function createAuthenticator(options: AuthenticatorOptions): Authenticator {
  const { clock, tokens, clientAuthorityPem, findToken, tokenSources = [] } = options
  const cache = { clock, ttlMs: CHECKED_MS, entriesMax: CHECKED_MAX }
  const verdicts = boundedCache<ReturnType<TokenIssuer['verify']>>(cache)
  const certificates = boundedCache<UserInfo | undefined>(cache)

  const ofServiceAccount = async (
    token: string,
    audiences: readonly string[],
  ): Promise<TokenIdentity | undefined> => {
    const verdict = await verdicts(`${hashToken(token)} ${audiences.join(' ')}`, () =>
      tokens.verify(token, audiences),
    )
    if (!verdict.ok || !stillHolds(verdict.claim, options)) return undefined
    const user = tokenUser(verdict.claim, verdict.id)
    const staleSeconds = Math.floor(clock.now() / 1000) - (verdict.claim.warnafter ?? Infinity)
    const identity = { user, audiences: verdict.audiences }
    return staleSeconds > 0 ? { ...identity, staleSeconds } : identity
  }

  const identifyToken: Authenticator['identifyToken'] = async (token, audiences) => {
    const known = findToken(hashToken(token))
    const ofServer = audiences ?? [tokens.issuer]
    if (known !== undefined) return { user: authenticated(known), audiences: [...ofServer] }
    const identity = await ofServiceAccount(token, ofServer)
    if (identity !== undefined) return identity
    for (const source of tokenSources) {
      const found = await source.identify(token, audiences)
      if (found !== undefined) return { ...found, user: authenticated(found.user) }
    }
    return undefined
  }

  const identifyCertificate = (certificate: X509Certificate): UserInfo | undefined =>
    certificates(certificate.fingerprint256, () => {
      if (clientAuthorityPem === undefined) return undefined
      const identity = clientIdentity(certificate, clientAuthorityPem, clock.now())
      if (identity === undefined) return undefined
      const fingerprint = certificate.fingerprint256.replaceAll(':', '').toLowerCase()
      return authenticated({
        ...identity,
        extra: { [CREDENTIAL_ID]: [`X509SHA256=${fingerprint}`] },
      })
    })

  return {
    identifyToken,
    async authenticate({ authorization, certificate }) {
      const user = certificate && identifyCertificate(certificate)
      if (user !== undefined) return { user }
      const token = /^bearer +(\S+)$/i.exec(authorization?.trim() ?? '')?.[1]
      const identity = token === undefined ? undefined : await identifyToken(token, undefined)
      if (identity !== undefined) return identity
      if (certificate !== undefined || authorization) throw unauthorized()
      return { user: ANONYMOUS }
    },
  }
}

function authenticated(user: UserInfo): UserInfo {
  return { ...user, groups: [...new Set([...user.groups, 'system:authenticated'])] }
}
