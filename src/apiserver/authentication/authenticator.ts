// Who sends a request: by bearer token, by client certificate, or nobody. Credentials that are wrong
// are refused, never treated as none.
import type { X509Certificate } from 'node:crypto'
import type { UserInfo } from '#base/api-call.ts'
import type { Clock } from '#base/clock.ts'
import { clientIdentity } from '#identity/client-identity.ts'
import { hashToken } from '#identity/secret-token.ts'
import type { TokenIssuer } from '#identity/token-issuer.ts'
import { unauthorized } from '../api-errors.ts'
import type { TokenIdentity } from '../context.ts'
import { keyFor, prefixFor } from '../resources.ts'
import type { ObjectStorage } from '../objects/object-storage.ts'
import { boundedCache } from './bounded-cache.ts'
import { serviceAccountUser } from './service-account-user.ts'

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
}

export interface Authenticator {
  authenticate(credentials: Credentials): Promise<UserInfo>
  identifyToken(token: string, audiences: readonly string[]): Promise<TokenIdentity | undefined>
}

/** How long a checked signature is believed; what it names is looked up every time. */
const CHECKED_MS = 10_000
const CHECKED_MAX = 5_000

export function createAuthenticator(options: AuthenticatorOptions): Authenticator {
  const { clock, objects, tokens, clientAuthorityPem, findToken } = options
  const cache = { clock, ttlMs: CHECKED_MS, entriesMax: CHECKED_MAX }
  const verdicts = boundedCache<ReturnType<TokenIssuer['verify']>>(cache)
  const certificates = boundedCache<UserInfo | undefined>(cache)

  const identifyToken = async (
    token: string,
    audiences: readonly string[],
  ): Promise<TokenIdentity | undefined> => {
    const known = findToken(hashToken(token))
    if (known !== undefined) return { user: authenticated(known), audiences: [...audiences] }
    const verdict = await verdicts(`${hashToken(token)} ${audiences.join(' ')}`, () =>
      tokens.verify(token, audiences),
    )
    if (!verdict.ok) return undefined
    const { namespace, serviceaccount, pod } = verdict.claim
    const exists = (plural: string, { name, uid }: { name: string; uid: string }) =>
      objects.get(keyFor({ prefix: prefixFor('', plural) }, namespace, name))?.object.metadata
        .uid === uid
    if (!exists('serviceaccounts', serviceaccount)) return undefined
    if (pod !== undefined && !exists('pods', pod)) return undefined
    const user = serviceAccountUser({ namespace, ...serviceaccount })
    const extra =
      pod === undefined
        ? {}
        : {
            extra: {
              'authentication.kubernetes.io/pod-name': [pod.name],
              'authentication.kubernetes.io/pod-uid': [pod.uid],
            },
          }
    return { user: { ...user, ...extra }, audiences: verdict.audiences }
  }

  const identifyCertificate = (certificate: X509Certificate): UserInfo | undefined =>
    certificates(certificate.fingerprint256, () => {
      if (clientAuthorityPem === undefined) return undefined
      const identity = clientIdentity(certificate, clientAuthorityPem, clock.now())
      return identity && authenticated(identity)
    })

  return {
    identifyToken,
    async authenticate({ authorization, certificate }) {
      const token = /^bearer +(\S+)$/i.exec(authorization?.trim() ?? '')?.[1]
      if (token !== undefined) {
        const identity = await identifyToken(token, [tokens.issuer])
        if (identity === undefined) throw unauthorized()
        return identity.user
      }
      if (certificate !== undefined) {
        const user = identifyCertificate(certificate)
        if (user === undefined) throw unauthorized()
        return user
      }
      if (authorization) throw unauthorized()
      return ANONYMOUS
    },
  }
}

function authenticated(user: UserInfo): UserInfo {
  return { ...user, groups: [...new Set([...user.groups, 'system:authenticated'])] }
}
