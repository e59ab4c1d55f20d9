// Service account tokens: JSON web tokens signed with the cluster's own ES256 key.
import { createPrivateKey, createPublicKey, generateKeyPairSync } from 'node:crypto'
import type { KeyObject } from 'node:crypto'
import { calculateJwkThumbprint, errors, exportJWK, jwtVerify, SignJWT } from 'jose'
import type { JWK } from 'jose'
import type { Clock } from '#base/clock.ts'
import type { Random } from '#base/random.ts'

export interface ObjectReference {
  name: string
  uid: string
}

/** The claim "kubernetes.io" of a service account token. */
export interface ServiceAccountClaim {
  namespace: string
  serviceaccount: ObjectReference
  /** What the token is bound to: void once that is gone. */
  pod?: ObjectReference
  secret?: ObjectReference
  /** Of a pod's token where the pod runs, else what the token is bound to. */
  node?: { name: string; uid?: string }
  /** Seconds since 1970 from when on whoever uses the token should have fetched a newer one. */
  warnafter?: number
}

export interface TokenRequest {
  subject: string
  audiences: readonly string[]
  expirationSeconds: number
  /** The token lives longer than asked for, but is called stale after these. */
  warnAfterSeconds?: number
  claim: ServiceAccountClaim
}

export interface IssuedToken {
  token: string
  /** Its claim `jti`. */
  id: string
  expiresAtMs: number
}

export type TokenVerdict =
  | { ok: true; subject: string; audiences: string[]; claim: ServiceAccountClaim; id: string }
  /** `reason` is for the log, never for the client. */
  | { ok: false; reason: string }

export interface TokenIssuer {
  readonly issuer: string
  issue(request: TokenRequest): Promise<IssuedToken>
  /** `audiences` of the verdict are those of the token that were asked for. */
  verify(token: string, audiences: readonly string[]): Promise<TokenVerdict>
  /** The public keys, as served at /openid/v1/jwks. */
  keySet(): { keys: JWK[] }
  /** The document served at /.well-known/openid-configuration. */
  discovery(jwksUri: string): Record<string, unknown>
}

export interface TokenIssuerOptions {
  /** A P-256 private key, PEM (PKCS #8). */
  keyPem: string
  issuer: string
  clock: Clock
  random: Random
}

const algorithm = 'ES256'
const claimName = 'kubernetes.io'

export function newTokenKeyPem(): string {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  return privateKey.export({ type: 'pkcs8', format: 'pem' }) as string
}

export async function createTokenIssuer(options: TokenIssuerOptions): Promise<TokenIssuer> {
  const { issuer, clock, random } = options
  const privateKey = createPrivateKey(options.keyPem)
  const publicKey = createPublicKey(options.keyPem)
  const jwk = await publicJwk(publicKey)
  return {
    issuer,
    issue: (request) =>
      sign({ request, issuer, privateKey, kid: jwk.kid, id: random.uuid() }, clock),
    verify: (token, audiences) => verify({ token, audiences, issuer, publicKey }, clock),
    keySet: () => ({ keys: [{ ...jwk }] }),
    discovery: (jwksUri) => ({
      issuer,
      jwks_uri: jwksUri,
      response_types_supported: ['id_token'],
      subject_types_supported: ['public'],
      id_token_signing_alg_values_supported: [algorithm],
    }),
  }
}

async function publicJwk(key: KeyObject): Promise<JWK & { kid: string }> {
  const jwk = await exportJWK(key)
  return { ...jwk, use: 'sig', alg: algorithm, kid: await calculateJwkThumbprint(jwk) }
}

async function sign(
  job: { request: TokenRequest; issuer: string; privateKey: KeyObject; kid: string; id: string },
  clock: Clock,
): Promise<IssuedToken> {
  const { request } = job
  const now = Math.floor(clock.now() / 1000)
  const expires = now + request.expirationSeconds
  const { warnAfterSeconds } = request
  const claim =
    warnAfterSeconds === undefined
      ? request.claim
      : { ...request.claim, warnafter: now + warnAfterSeconds }
  const token = await new SignJWT({ [claimName]: claim })
    .setProtectedHeader({ alg: algorithm, kid: job.kid })
    .setIssuer(job.issuer)
    .setSubject(request.subject)
    .setAudience([...request.audiences])
    .setIssuedAt(now)
    .setNotBefore(now)
    .setExpirationTime(expires)
    .setJti(job.id)
    .sign(job.privateKey)
  return { token, id: job.id, expiresAtMs: expires * 1000 }
}

async function verify(
  job: { token: string; audiences: readonly string[]; issuer: string; publicKey: KeyObject },
  clock: Clock,
): Promise<TokenVerdict> {
  try {
    // Key and algorithm are ours alone: nothing in the token's header chooses them.
    const { payload } = await jwtVerify(job.token, job.publicKey, {
      algorithms: [algorithm],
      issuer: job.issuer,
      audience: [...job.audiences],
      requiredClaims: ['exp', 'iat', 'sub', 'jti', claimName],
      currentDate: new Date(clock.now()),
    })
    const claim = payload[claimName]
    if (!isServiceAccountClaim(claim))
      return { ok: false, reason: `claim "${claimName}" is malformed` }
    const named = typeof payload.aud === 'string' ? [payload.aud] : (payload.aud ?? [])
    const audiences = named.filter((audience) => job.audiences.includes(audience))
    return { ok: true, subject: payload.sub!, audiences, claim, id: payload.jti! }
  } catch (error) {
    if (error instanceof errors.JOSEError) return { ok: false, reason: error.message }
    throw error
  }
}

function isServiceAccountClaim(value: unknown): value is ServiceAccountClaim {
  if (typeof value !== 'object' || value === null) return false
  const { namespace, serviceaccount } = value as Record<string, unknown>
  if (typeof namespace !== 'string') return false
  if (typeof serviceaccount !== 'object' || serviceaccount === null) return false
  const { name, uid } = serviceaccount as Record<string, unknown>
  return typeof name === 'string' && typeof uid === 'string'
}
