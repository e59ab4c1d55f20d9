import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SignJWT } from 'jose'
import { hashToken } from '#identity/secret-token.ts'
import { memoryRegistry, type TestRequest } from '../memory-registry.ts'
import { type AccessState, emptyAccess, type RobotRecord } from './access-state.ts'
import { TOKEN_SERVICE, tokenLimits } from './registry-tokens.ts'

const ci: RobotRecord = {
  project: 'team',
  name: 'ci',
  uid: 'uid-1',
  disabled: false,
  tokenHash: hashToken('team+ci-token'),
  permissions: [{ repositories: '**', actions: ['pull', 'push'] }],
}

const ann = {
  name: 'ann',
  uid: 'uid-2',
  disabled: false,
  administrator: false,
  passwordHash: 'hash of ann-token',
}

const state: AccessState = {
  ...emptyAccess,
  projects: [
    {
      name: 'team',
      isPublic: false,
      members: [{ kind: 'User', name: 'ann', role: 'guest' }],
      immutableTags: [],
    },
    { name: 'open', isPublic: true, members: [], immutableTags: [] },
  ],
  users: [ann],
  robots: [ci],
}

interface Token {
  token: string
  access_token: string
  expires_in: number
  issued_at: string
}

const made = () => memoryRegistry({ state })
type Made = ReturnType<typeof made>

async function tokenFor(
  registry: Made,
  as: string,
  scopes: string[] = [],
  more: TestRequest | object = {},
) {
  const query = new URLSearchParams([
    ['service', TOKEN_SERVICE] as [string, string],
    ...scopes.map((scope): [string, string] => ['scope', scope]),
  ])
  const answer = await registry.call({ url: `/auth/token?${query.toString()}`, as, ...more })
  assert.equal(answer.status, 200, answer.bytes.toString())
  return JSON.parse(answer.bytes.toString()) as Token
}

const bearing = (token: string) => ({ as: 'nobody', headers: { authorization: `Bearer ${token}` } })

test('the way of docker: a challenge, a token for its scope, and in', async () => {
  const registry = made()
  const url = '/v2/team/app/blobs/uploads/'
  const host = { host: 'registry.example.com:5000' }
  const first = await registry.call({ method: 'POST', url, as: 'nobody', headers: host })
  assert.equal(first.status, 401)
  assert.equal(
    first.headers['WWW-Authenticate'],
    'Bearer realm="http://registry.example.com:5000/auth/token",' +
      `service="${TOKEN_SERVICE}",scope="repository:team/app:pull,push"`,
  )
  const { token, access_token, expires_in } = await tokenFor(registry, 'team+ci', [
    'repository:team/app:pull,push',
  ])
  assert.equal(token, access_token)
  assert.ok(expires_in >= 60)
  assert.equal((await registry.call({ method: 'POST', url, ...bearing(token) })).status, 202)
})

test('the realm is https where the request was, and never what a header smuggles in', async () => {
  const registry = made()
  const ask = (host: string, scheme: 'http' | 'https') =>
    registry.call({ url: '/v2/', as: 'nobody', headers: { host }, origin: { scheme } })
  const told = async (host: string, scheme: 'http' | 'https') =>
    /realm="([^"]*)"/.exec((await ask(host, scheme)).headers['WWW-Authenticate']!)?.[1]
  assert.equal(await told('r.example', 'https'), 'https://r.example/auth/token')
  assert.equal(await told('evil",error="x', 'http'), '/auth/token')
})

test('a token without scopes says who one is, and opens nothing', async () => {
  const registry = made()
  const { token } = await tokenFor(registry, 'team+ci')
  assert.equal((await registry.call({ url: '/v2/', ...bearing(token) })).status, 200)
  const tags = await registry.call({ url: '/v2/team/app/tags/list', ...bearing(token) })
  assert.equal(tags.status, 401)
  assert.match(
    tags.headers['WWW-Authenticate']!,
    /scope="repository:team\/app:pull",error="insufficient_scope"/,
  )
})

test('who may less gets a token for what it may; what it may not is refused with it', async () => {
  const registry = made()
  const { token } = await tokenFor(registry, 'ann', ['repository:team/app:pull,push,delete'])
  assert.equal(
    (await registry.call({ url: '/v2/team/app/tags/list', ...bearing(token) })).status,
    404,
  )
  const push = { method: 'POST', url: '/v2/team/app/blobs/uploads/', ...bearing(token) }
  assert.equal((await registry.call(push)).status, 403)
})

test('everyone gets a token for what is public, and only to pull', async () => {
  const registry = made()
  const scopes = ['repository:open/app:pull,push', 'repository:team/app:pull']
  const { token } = await tokenFor(registry, 'nobody', scopes)
  const status = async (method: string, url: string) =>
    (await registry.call({ method, url, ...bearing(token) })).status
  assert.equal(await status('GET', '/v2/open/app/tags/list'), 404)
  assert.equal(await status('GET', '/v2/team/app/tags/list'), 401)
  assert.equal(await status('POST', '/v2/open/app/blobs/uploads/'), 401)
})

test('many scopes, odd ones and parted by spaces, are taken for what they are', async () => {
  const registry = made()
  const scopes = [
    ...Array.from({ length: 40 }, (_, at) => `repository:team/app${at}:pull`),
    'repository:team/a:pull repository:team/b:pull',
    'repository(plugin):team/app:pull',
    'repository:localhost:5000/team/app:pull',
    'repository:../x:pull',
    ':::',
    '',
  ]
  const { token } = await tokenFor(registry, 'team+ci', scopes)
  for (const name of ['app0', 'app39', 'a', 'b'])
    assert.equal(
      (await registry.call({ url: `/v2/team/${name}/tags/list`, ...bearing(token) })).status,
      404,
    )
})

test('POST gives what GET gives, and tells other grants to go there', async () => {
  const registry = made()
  const post = (form: Record<string, string>) =>
    registry.call({
      method: 'POST',
      url: '/auth/token',
      as: 'nobody',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams({ service: TOKEN_SERVICE, ...form }).toString(),
    })
  const password = { grant_type: 'password', username: 'team+ci', password: 'team+ci-token' }
  const answer = await post({ ...password, scope: 'repository:team/app:pull' })
  assert.equal(answer.status, 200)
  const { token } = JSON.parse(answer.bytes.toString()) as Token
  assert.equal(
    (await registry.call({ url: '/v2/team/app/tags/list', ...bearing(token) })).status,
    404,
  )
  assert.equal((await post({ ...password, password: 'wrong' })).status, 401)
  assert.equal((await post({ grant_type: 'refresh_token', refresh_token: 'x' })).status, 400)
})

test('a wrong password is refused, also where none would have been needed', async () => {
  const headers = { authorization: `Basic ${Buffer.from('ann:wrong').toString('base64')}` }
  const request = { url: '/auth/token?scope=repository:open/app:pull', as: 'nobody', headers }
  assert.equal((await made().call(request)).status, 401)
})

const afterwards: { what: string; state: AccessState }[] = [
  { what: 'the robot is disabled', state: { ...state, robots: [{ ...ci, disabled: true }] } },
  { what: 'the robot expires', state: { ...state, robots: [{ ...ci, expiresAt: 1 }] } },
  { what: 'the robot is deleted', state: { ...state, robots: [] } },
  { what: 'a namesake takes its place', state: { ...state, robots: [{ ...ci, uid: 'uid-9' }] } },
  {
    what: 'it gets another token',
    state: { ...state, robots: [{ ...ci, tokenHash: hashToken('new') }] },
  },
  { what: 'its permissions go', state: { ...state, robots: [{ ...ci, permissions: [] }] } },
]

for (const { what, state: then } of afterwards)
  test(`a token is worth nothing from the moment that ${what}`, async () => {
    const registry = made()
    const { token } = await tokenFor(registry, 'team+ci', ['repository:team/app:pull'])
    const request = { url: '/v2/team/app/tags/list', ...bearing(token) }
    assert.equal((await registry.call(request)).status, 404)
    registry.access.update(then)
    assert.ok([401, 403].includes((await registry.call(request)).status))
  })

test('a token of somebody anonymous opens a project no more once it is private', async () => {
  const registry = made()
  const { token } = await tokenFor(registry, 'nobody', ['repository:open/app:pull'])
  const request = { url: '/v2/open/app/tags/list', ...bearing(token) }
  assert.equal((await registry.call(request)).status, 404)
  const projects = state.projects.map((project) => ({ ...project, isPublic: false }))
  registry.access.update({ ...state, projects })
  assert.equal((await registry.call(request)).status, 401)
})

test('a token ends with its time, by our clock', async () => {
  const registry = made()
  const { token } = await tokenFor(registry, 'team+ci', ['repository:team/app:pull'])
  const request = { url: '/v2/team/app/tags/list', ...bearing(token) }
  assert.equal((await registry.call(request)).status, 404)
  await registry.clock.advance(tokenLimits.lifeSeconds * 1000)
  assert.equal((await registry.call(request)).status, 401)
})

const KEY = Buffer.alloc(32, 1)
const seconds = (registry: Made) => Math.floor(registry.clock.now() / 1000)
const claimsOf = { id: 'robot:uid-1', sec: '0', access: [] }
const b64 = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')

/** Tokens that were not issued here, though they look like it. */
const forgeries: Record<string, (registry: Made) => Promise<string> | string> = {
  'without a signature': () =>
    `${b64({ alg: 'none' })}.${b64({ sub: 'admin', id: 'platform:admin', iss: TOKEN_SERVICE })}.`,
  'by another key': (registry) => sign(registry, Buffer.alloc(32, 2)),
  'with a key of its own': (registry) =>
    sign(registry, Buffer.alloc(32, 2), {
      jwk: { kty: 'oct', k: Buffer.alloc(32, 2).toString('base64url') },
    }),
  'of another service': (registry) => sign(registry, KEY, {}, { aud: 'other' }),
  'of another issuer': (registry) => sign(registry, KEY, {}, { iss: 'other' }),
  'with another algorithm': (registry) => sign(registry, Buffer.alloc(64, 1), { alg: 'HS512' }),
  'that is no token': () => 'garbage',
  'that is too long': () => 'a'.repeat(tokenLimits.charsMax + 1),
}

function sign(registry: Made, key: Uint8Array, header: object = {}, claims: object = {}) {
  const now = seconds(registry)
  return new SignJWT({
    ...claimsOf,
    iss: TOKEN_SERVICE,
    aud: TOKEN_SERVICE,
    sub: 'team+ci',
    iat: now,
    nbf: now,
    exp: now + 60,
    ...claims,
  })
    .setProtectedHeader({ alg: 'HS256', ...header })
    .sign(key)
}

for (const [what, forge] of Object.entries(forgeries))
  test(`a token ${what} is refused`, async () => {
    const registry = made()
    const token = await forge(registry)
    const { status } = await registry.call({ url: '/v2/', ...bearing(token) })
    assert.equal(status, 401)
  })

for (const claim of ['iat', 'exp', 'nbf', 'sub', 'id', 'sec', 'access'])
  test(`a token without the claim ${claim} is refused, and breaks nothing`, async () => {
    const registry = made()
    const token = await sign(registry, KEY, {}, { [claim]: undefined })
    assert.equal((await registry.call({ url: '/v2/', ...bearing(token) })).status, 401)
  })
