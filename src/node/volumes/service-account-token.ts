// Tokens of service accounts for pods. How long a token is good for is read from the token itself, so
// that the one on the tmpfs is kept over a restart of the agent.
import { decodeJwt, errors } from 'jose'
import type { Client } from '#client/types.ts'
import type { TokenRequest } from '#kinds/k8s/authentication.ts'
import type { Pod, ServiceAccountTokenProjection } from '#kinds/k8s/core.ts'
import { serviceAccounts } from '#kinds/refs.ts'

/** A token is replaced after this share of its life, or this age at the latest. */
const REFRESH_SHARE = 0.8
const REFRESH_AGE_MS_MAX = 24 * 3_600_000
const EXPIRATION_SECONDS_DEFAULT = 3_600

/** When a token should be replaced; undefined for something that is no token. */
export function refreshAtMs(token: string): number | undefined {
  try {
    const { iat, exp, ...claims } = decodeJwt(token)
    if (iat === undefined || exp === undefined) return undefined
    // A token that lives on for clients that never read it anew says when it should have been replaced.
    const { warnafter } = (claims['kubernetes.io'] ?? {}) as { warnafter?: unknown }
    const end = typeof warnafter === 'number' ? warnafter : exp
    return iat * 1000 + Math.min((end - iat) * 1000 * REFRESH_SHARE, REFRESH_AGE_MS_MAX)
  } catch (error) {
    if (error instanceof errors.JWTInvalid) return undefined
    throw error
  }
}

export type TokenSource = (pod: Pod, projection: ServiceAccountTokenProjection) => Promise<string>

export function tokenSource(client: Client): TokenSource {
  return async (pod, { audience, expirationSeconds = EXPIRATION_SECONDS_DEFAULT }) => {
    const { name, namespace = '', uid = '' } = pod.metadata
    const account = pod.spec.serviceAccountName || 'default'
    const request = {
      apiVersion: 'authentication.k8s.io/v1',
      kind: 'TokenRequest',
      spec: {
        ...(audience ? { audiences: [audience] } : {}),
        expirationSeconds,
        // The token dies with the pod.
        boundObjectRef: { apiVersion: 'v1', kind: 'Pod', name, uid },
      },
    }
    const answer = await client
      .resource(serviceAccounts)
      .subresource<TokenRequest>('POST', { namespace, name: account }, 'token', request)
    const token = answer.status?.token
    if (token === undefined) throw new Error(`no token came for service account ${account}`)
    return token
  }
}
