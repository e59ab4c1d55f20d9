import assert from 'node:assert/strict'
import { test } from 'node:test'
import { base64url, createLocalJWKSet, type JWTPayload, jwtVerify, SignJWT } from 'jose'
import { fakeClock } from '#base/fake-clock.ts'
import { seededRandom } from '#base/random.ts'
import { createTokenIssuer, newTokenKeyPem } from './token-issuer.ts'

const clock = fakeClock()
const issuerUrl = 'https://kubernetes.default.svc'
const audiences = [issuerUrl, 'vault']
const subject = 'system:serviceaccount:shop:till'
const claim = {
  namespace: 'shop',
  serviceaccount: { name: 'till', uid: 'u1' },
  pod: { name: 'till-0', uid: 'u2' },
  node: { name: 'm1', uid: 'u3' },
}
const request = { subject, audiences, expirationSeconds: 600, claim }
const options = { issuer: issuerUrl, clock, random: seededRandom(1) }
const keyPem = newTokenKeyPem()
const issuer = await createTokenIssuer({ ...options, keyPem })

const reason = async (token: string, wanted: readonly string[] = audiences) => {
  const verdict = await issuer.verify(token, wanted)
  return verdict.ok ? 'ok' : verdict.reason
}

const claimsOf = (token: string) =>
  JSON.parse(Buffer.from(token.split('.')[1]!, 'base64url').toString()) as JWTPayload

test('TokenIssuer verifies what it issued and tells the claim', async () => {
  const { token, expiresAtMs } = await issuer.issue(request)
  assert.equal(expiresAtMs, clock.now() + 600_000)
  const verdict = await issuer.verify(token, ['vault', 'other'])
  assert.ok(verdict.ok)
  const { id, ...rest } = verdict
  assert.deepEqual(rest, { ok: true, subject, audiences: ['vault'], claim })
  assert.match(id, /^[0-9a-f-]{36}$/)
})

test('TokenIssuer writes the claims that Kubernetes writes', async () => {
  const { token } = await issuer.issue(request)
  const now = clock.now() / 1000
  assert.deepEqual(
    { ...claimsOf(token), jti: '' },
    {
      aud: audiences,
      exp: now + 600,
      iat: now,
      iss: issuerUrl,
      jti: '',
      'kubernetes.io': claim,
      nbf: now,
      sub: subject,
    },
  )
})

test('TokenIssuer refuses a token for other audiences', async () => {
  const { token } = await issuer.issue(request)
  assert.match(await reason(token, ['other']), /"aud"/)
})

test('TokenIssuer refuses a token at its end and before its begin', async () => {
  const { token } = await issuer.issue(request)
  clock.step(599_000)
  assert.equal(await reason(token), 'ok')
  clock.step(1_000)
  assert.match(await reason(token), /"exp"/)
  clock.step(-700_000)
  assert.match(await reason(token), /"nbf"/)
  clock.step(100_000)
})

test('TokenIssuer refuses a token of another key and of another issuer', async () => {
  const stranger = await createTokenIssuer({ ...options, keyPem: newTokenKeyPem() })
  assert.match(await reason((await stranger.issue(request)).token), /signature/)
  const elsewhere = await createTokenIssuer({ ...options, keyPem, issuer: 'https://else' })
  assert.match(await reason((await elsewhere.issue(request)).token), /"iss"/)
})

test('TokenIssuer lets no token choose its algorithm or bring its key', async () => {
  const { token } = await issuer.issue(request)
  const [, payload] = token.split('.')
  const none = base64url.encode(JSON.stringify({ alg: 'none' }))
  assert.notEqual(await reason(`${none}.${payload}.`), 'ok')
  const shared = new TextEncoder().encode(JSON.stringify(issuer.keySet().keys[0]))
  const symmetric = await new SignJWT(claimsOf(token))
    .setProtectedHeader({ alg: 'HS256' })
    .sign(shared)
  assert.notEqual(await reason(symmetric), 'ok')
})

test('TokenIssuer refuses what is no token, or has lost a part or a claim', async () => {
  const { token } = await issuer.issue(request)
  for (const text of ['', 'x', 'a.b.c', token.slice(0, -3), token.replace('.', '')])
    assert.notEqual(await reason(text), 'ok', text)
})

test('TokenIssuer publishes keys and a discovery document with which others can verify', async () => {
  const { token } = await issuer.issue(request)
  const keys = issuer.keySet()
  assert.deepEqual(Object.keys(keys.keys[0]!).toSorted(), [
    'alg',
    'crv',
    'kid',
    'kty',
    'use',
    'x',
    'y',
  ])
  const { payload } = await jwtVerify(token, createLocalJWKSet(keys), {
    currentDate: new Date(clock.now()),
  })
  assert.equal(payload.sub, subject)
  assert.deepEqual(issuer.discovery('https://api/openid/v1/jwks'), {
    issuer: issuerUrl,
    jwks_uri: 'https://api/openid/v1/jwks',
    response_types_supported: ['id_token'],
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: ['ES256'],
  })
})
