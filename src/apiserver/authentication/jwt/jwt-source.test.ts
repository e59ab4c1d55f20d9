import assert from 'node:assert/strict'
import { createHmac, type webcrypto } from 'node:crypto'
import { test } from 'node:test'
import { exportJWK, exportSPKI, generateKeyPair, type JWK, SignJWT } from 'jose'
import { fakeClock } from '#base/fake-clock.ts'
import { silentLogger } from '#base/log.ts'
import type { OutgoingRequest } from '../../outgoing/outgoing.ts'
import type { JwtAuthenticator } from './configuration.ts'
import { createJwtSource } from './jwt-source.ts'

const URL = 'https://issuer.example.com/realm'
const AUDIENCE = 'ccs'

const plain: JwtAuthenticator = {
  issuer: { url: URL, audiences: [AUDIENCE] },
  claimMappings: {
    username: { claim: 'sub', prefix: 'oidc:' },
    groups: { claim: 'groups', prefix: 'oidc:' },
  },
}

const clock = fakeClock()
const seconds = () => Math.floor(clock.now() / 1000)

async function issuer(jwt: JwtAuthenticator = plain) {
  const keys = new Map<string, { jwk: JWK; sign: webcrypto.CryptoKey; pem: string }>()
  const addKey = async (kid: string) => {
    const { publicKey, privateKey } = await generateKeyPair('RS256')
    const jwk = { ...(await exportJWK(publicKey)), kid, alg: 'RS256', use: 'sig' }
    keys.set(kid, { jwk, sign: privateKey, pem: await exportSPKI(publicKey) })
  }
  await addKey('one')
  const asked: string[] = []
  const state = { isAway: false, name: URL }
  const outgoing = {
    ask: (_target: unknown, { path }: Pick<OutgoingRequest, 'path'>) => {
      asked.push(path)
      if (state.isAway) return Promise.reject(new Error('away'))
      const body = path.endsWith('openid-configuration')
        ? { issuer: state.name, jwks_uri: `${URL}/keys` }
        : { keys: [...keys.values()].map(({ jwk }) => jwk) }
      return Promise.resolve({
        status: 200,
        contentType: 'application/json',
        text: JSON.stringify(body),
      })
    },
  }
  const issuers = [jwt]
  const source = createJwtSource({ issuers: () => issuers, outgoing, clock, log: silentLogger })
  const token = (claims: object = {}, kid = 'one') =>
    new SignJWT({ iss: URL, aud: AUDIENCE, sub: 'jane', exp: seconds() + 600, ...claims })
      .setProtectedHeader({ alg: 'RS256', kid })
      .sign(keys.get(kid)!.sign)
  return { source, token, asked, state, addKey, keys }
}

test('a token of a trusted issuer makes a user by its mapping', async () => {
  const { source, token } = await issuer()
  const identity = await source.identify(await token({ groups: ['dev'], jti: 'x1' }), undefined)
  assert.deepEqual(identity, {
    user: {
      username: 'oidc:jane',
      groups: ['oidc:dev'],
      extra: { 'authentication.kubernetes.io/credential-id': ['JTI=x1'] },
    },
    audiences: [AUDIENCE],
  })
})

test('what is not for us, over, early or of somebody else makes nobody a user', async () => {
  const { source, token } = await issuer()
  const wrong: Record<string, object> = {
    'another audience': { aud: 'other' },
    'no audience': { aud: undefined },
    over: { exp: seconds() - 60 },
    'no end': { exp: undefined },
    'not yet': { nbf: seconds() + 3_600 },
    'another issuer': { iss: 'https://evil.example.com' },
    'no subject': { sub: undefined },
    'a subject that is no text': { sub: ['jane'] },
    'groups that are no texts': { groups: [1] },
  }
  for (const [what, claims] of Object.entries(wrong))
    assert.equal(await source.identify(await token(claims), undefined), undefined, what)
  assert.equal(await source.identify(await token(), ['https://api']), undefined)
  assert.equal(await source.identify('no.token', undefined), undefined)
  assert.equal(await source.identify(`${await token()}x`, undefined), undefined)
})

test('a token that is not signed with the key pair of the issuer is nobody, whatever its header says', async () => {
  const { source, keys, asked } = await issuer()
  const payload = { iss: URL, aud: AUDIENCE, sub: 'jane', exp: seconds() + 600 }
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
  const unsigned = `${part({ alg: 'none' })}.${part(payload)}.`
  const head = `${part({ alg: 'HS256', kid: 'one' })}.${part(payload)}`
  const secret = keys.get('one')!.pem
  const confused = `${head}.${createHmac('sha256', secret).update(head).digest('base64url')}`
  const stranger = await generateKeyPair('RS256')
  const jwk = await exportJWK(stranger.publicKey)
  const injected = await new SignJWT(payload)
    .setProtectedHeader({ alg: 'RS256', kid: 'one', jwk, jku: 'https://evil.example.com/keys' })
    .sign(stranger.privateKey)
  for (const token of [unsigned, confused, injected, 'a'.repeat(100_000)])
    assert.equal(await source.identify(token, undefined), undefined)
  assert.ok(asked.every((path) => path.startsWith('/realm/')))
})

test('a new key of the issuer is found, but it is not asked for each token that names another', async () => {
  const { source, token, asked, addKey } = await issuer()
  assert.ok(await source.identify(await token(), undefined))
  assert.equal(asked.length, 2)
  await addKey('two')
  await clock.advance(11_000)
  assert.ok(await source.identify(await token({}, 'two'), undefined))
  assert.equal(asked.length, 4)
  await addKey('three')
  for (let n = 0; n < 5; n++)
    assert.equal(await source.identify(await token({}, 'three'), undefined), undefined)
  assert.equal(asked.length, 4)
})

test('the keys that are known go on to count while the issuer is away', async () => {
  const { source, token, state } = await issuer()
  assert.ok(await source.identify(await token(), undefined))
  state.isAway = true
  await clock.advance(2 * 60 * 60_000)
  assert.ok(await source.identify(await token(), undefined))
})

test('an issuer that calls itself something else is not believed', async () => {
  const { source, token, state } = await issuer()
  state.name = 'https://issuer.example.com/other'
  assert.equal(await source.identify(await token(), undefined), undefined)
})

test('expressions map and judge claims, and the user that they make', async () => {
  const { source, token } = await issuer({
    ...plain,
    claimMappings: {
      username: { expression: "claims.email.split('@')[0]" },
      groups: { expression: "claims.roles.filter(r, r.startsWith('k8s-'))" },
      uid: { claim: 'oid' },
      extra: [{ key: 'example.com/team', valueExpression: 'claims.team' }],
    },
    claimValidationRules: [
      { claim: 'hd', requiredValue: 'example.com' },
      { expression: 'claims.roles.size() > 0', message: 'needs a role' },
    ],
    userValidationRules: [{ expression: "user.username != 'root'", message: 'not root' }],
  })
  const good = {
    email: 'jane@example.com',
    roles: ['k8s-a', 'b'],
    oid: 'u1',
    team: 't',
    hd: 'example.com',
  }
  const identity = await source.identify(await token(good), undefined)
  assert.deepEqual(identity?.user, {
    username: 'jane',
    groups: ['k8s-a'],
    uid: 'u1',
    extra: { 'example.com/team': ['t'] },
  })
  for (const bad of [
    { hd: 'evil.com' },
    { roles: [] },
    { email: 'root@example.com' },
    { email: 'system:admin@example.com' },
  ])
    assert.equal(await source.identify(await token({ ...good, ...bad }), undefined), undefined)
})
