// Everyone, on every route, in every kind of project: what is granted is written down here once more,
// apart from the code that decides it.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { hashToken } from '#identity/secret-token.ts'
import { digestOf } from '../digest.ts'
import { memoryRegistry, type TestRequest } from '../memory-registry.ts'
import { type AccessState, emptyAccess, type RobotRecord, type UserRecord } from './access-state.ts'

const DIGEST = digestOf(Buffer.from('nothing has these bytes'))
const LONG_AGO = 1

const user = (name: string, more: Partial<UserRecord> = {}): UserRecord => ({
  name,
  uid: `uid-of-${name}`,
  disabled: false,
  administrator: false,
  passwordHash: `hash of ${name}-token`,
  ...more,
})

const robot = (project: string, name: string, more: Partial<RobotRecord> = {}): RobotRecord => ({
  project,
  name,
  uid: `uid-of-${project}-${name}`,
  disabled: false,
  tokenHash: hashToken(`${project}+${name}-token`),
  permissions: [{ repositories: '**', actions: ['pull'] }],
  ...more,
})

const all = [{ repositories: '**', actions: ['pull', 'push', 'delete'] as const }]

const members = [
  { kind: 'User', name: 'guest', role: 'guest' },
  { kind: 'User', name: 'developer', role: 'developer' },
  { kind: 'User', name: 'maintainer', role: 'maintainer' },
  { kind: 'User', name: 'owner', role: 'admin' },
  { kind: 'User', name: 'disabled', role: 'admin' },
  { kind: 'Group', name: 'team', role: 'developer' },
  // Named as a group, which gives a user of that name nothing.
  { kind: 'Group', name: 'stranger', role: 'admin' },
] as const

const state: AccessState = {
  ...emptyAccess,
  projects: [
    { name: 'open', isPublic: true, members, immutableTags: [] },
    { name: 'closed', isPublic: false, members, immutableTags: [] },
  ],
  users: [
    ...['guest', 'developer', 'maintainer', 'owner', 'stranger', 'in-group'].map((name) =>
      user(name),
    ),
    user('disabled', { disabled: true }),
    user('operator', { administrator: true }),
  ],
  groups: [{ name: 'team', members: ['in-group'] }],
  robots: [
    robot('closed', 'reader'),
    robot('closed', 'writer', {
      permissions: [{ repositories: 'r', actions: ['pull', 'push'] }],
    }),
    robot('closed', 'elsewhere', { permissions: [{ repositories: 'x*', actions: ['pull'] }] }),
    robot('closed', 'everything', {
      permissions: all.map((p) => ({ ...p, actions: [...p.actions] })),
    }),
    robot('closed', 'off', { disabled: true }),
    robot('closed', 'old', { expiresAt: LONG_AGO }),
    // A name that sounds like the platform's own gives nothing.
    robot('other', 'admin'),
  ],
}

type Action = 'pull' | 'push' | 'delete'

/** The routes of a repository. */
const routes: [method: string, path: string, action: Action][] = [
  ['GET', 'tags/list', 'pull'],
  ['GET', `referrers/${DIGEST}`, 'pull'],
  ['GET', `blobs/${DIGEST}`, 'pull'],
  ['HEAD', `blobs/${DIGEST}`, 'pull'],
  ['DELETE', `blobs/${DIGEST}`, 'delete'],
  ['POST', 'blobs/uploads/', 'push'],
  ['POST', `blobs/uploads/?digest=${DIGEST}`, 'push'],
  ['POST', `blobs/uploads/?mount=${DIGEST}&from=closed/r`, 'push'],
  ['GET', 'blobs/uploads/x', 'push'],
  ['PATCH', 'blobs/uploads/x', 'push'],
  ['PUT', `blobs/uploads/x?digest=${DIGEST}`, 'push'],
  ['DELETE', 'blobs/uploads/x', 'push'],
  ['GET', 'manifests/t', 'pull'],
  ['HEAD', 'manifests/t', 'pull'],
  ['GET', `manifests/${DIGEST}`, 'pull'],
  ['PUT', 'manifests/t', 'push'],
  ['PUT', `manifests/${DIGEST}`, 'push'],
  ['DELETE', 'manifests/t', 'delete'],
  ['DELETE', `manifests/${DIGEST}`, 'delete'],
]

const none: Action[] = []
const pull: Action[] = ['pull']
const push: Action[] = ['pull', 'push']
const full: Action[] = ['pull', 'push', 'delete']

interface Row {
  /** What each may in a public project, a private one, and one that nobody made. */
  open: Action[]
  closed: Action[]
  missing: Action[]
  /** May not log in at all: 401 everywhere. */
  isRefused?: boolean
  origin?: TestRequest['origin']
}

const refused: Row = { open: none, closed: none, missing: none, isRefused: true }

const rows: Record<string, Row> = {
  nobody: { open: pull, closed: none, missing: none },
  guest: { open: pull, closed: pull, missing: none },
  developer: { open: push, closed: push, missing: none },
  maintainer: { open: full, closed: full, missing: none },
  owner: { open: full, closed: full, missing: none },
  'in-group': { open: push, closed: push, missing: none },
  stranger: { open: pull, closed: none, missing: none },
  operator: { open: full, closed: full, missing: full },
  disabled: refused,
  'closed+reader': { open: pull, closed: pull, missing: none },
  'closed+writer': { open: pull, closed: push, missing: none },
  'closed+elsewhere': { open: pull, closed: none, missing: none },
  'closed+everything': { open: pull, closed: full, missing: none },
  'other+admin': { open: pull, closed: none, missing: none },
  'closed+off': refused,
  'closed+old': refused,
  'closed+unknown': refused,
  admin: { open: full, closed: full, missing: full },
  puller: { open: pull, closed: pull, missing: pull },
  machine: { open: pull, closed: pull, missing: pull, origin: { cluster: 'local' } },
}

const projects = ['open', 'closed', 'missing'] as const

const registry = () => memoryRegistry({ state })

for (const [name, row] of Object.entries(rows))
  test(`${name} may what it may on every route, and nothing else`, async () => {
    const { call } = registry()
    for (const project of projects)
      for (const [method, path, action] of routes) {
        const url = `/v2/${project}/r/${path}`
        // From many places: one that is often wrong has to wait.
        const remoteAddress = `${method} ${url}`
        const origin = { remoteAddress, ...row.origin }
        const { status } = await call({ method, url, as: name, origin })
        const what = `${method} ${url} as ${name}: ${status}`
        if (row.isRefused) assert.equal(status, 401, what)
        else if (row[project].includes(action)) assert.ok(status !== 401 && status !== 403, what)
        else assert.equal(status, name === 'nobody' ? 401 : 403, what)
      }
  })

test('a machine of one cluster is nobody at the gateway of another', async () => {
  const { call } = registry()
  for (const cluster of [undefined, 'other']) {
    const request = { url: '/v2/open/r/tags/list', as: 'machine', origin: { cluster } }
    assert.equal((await call(request)).status, 401)
  }
})

test('whether a private repository exists is not to be learned by who may not read it', async () => {
  const made = registry()
  await made.pushBlob('closed/there', 'x')
  for (const as of ['nobody', 'stranger', 'closed+elsewhere']) {
    const answers = await Promise.all(
      ['there', 'absent'].map((name) => made.call({ url: `/v2/closed/${name}/tags/list`, as })),
    )
    const told = answers.map(({ status, bytes, headers }) =>
      JSON.stringify([status, bytes.toString(), headers]).replaceAll(/there|absent/g, 'NAME'),
    )
    assert.equal(
      told[0]!.replace(/"Content-Length":"\d+"/, ''),
      told[1]!.replace(/"Content-Length":"\d+"/, ''),
    )
  }
})

test('lists show what one may pull, and nothing to nobody', async () => {
  const made = registry()
  for (const repository of ['open/a', 'closed/a', 'missing/a']) await pushImage(made, repository)
  const shown = async (as: string) => {
    const { status, bytes } = await made.call({ url: '/v2/_catalog', as })
    return status === 200
      ? (JSON.parse(bytes.toString()) as { repositories: string[] }).repositories
      : status
  }
  assert.deepEqual(await shown('guest'), ['closed/a', 'open/a'])
  assert.deepEqual(await shown('stranger'), ['open/a'])
  assert.deepEqual(await shown('closed+elsewhere'), ['open/a'])
  assert.deepEqual(await shown('operator'), ['closed/a', 'missing/a', 'open/a'])
  assert.equal(await shown('nobody'), 401)
})

test('a mount from what one may not read says nothing of it', async () => {
  const made = registry()
  const { digest } = await made.pushBlob('closed/secret', 'secret bytes')
  const mount = (as: string, query: string) =>
    made.call({ method: 'POST', url: `/v2/open/r/blobs/uploads/?mount=${query}`, as })
  // The owner of another project: may push to its own, may not read this one.
  made.access.update({
    ...state,
    projects: [
      {
        name: 'open',
        isPublic: true,
        members: [{ kind: 'User', name: 'stranger', role: 'developer' }],
        immutableTags: [],
      },
      state.projects[1]!,
    ],
  })
  for (const query of [`${digest}&from=closed/secret`, digest, `${DIGEST}&from=closed/secret`]) {
    const { status, headers } = await mount('stranger', query)
    assert.equal(status, 202, query)
    assert.equal(headers['Range'], '0-0')
  }
  assert.equal((await mount('admin', digest)).status, 201)
})

async function pushImage(made: ReturnType<typeof memoryRegistry>, repository: string) {
  const mediaType = 'application/vnd.oci.image.manifest.v1+json'
  const config = await made.pushBlob(repository, '{}')
  const body = JSON.stringify({
    schemaVersion: 2,
    mediaType,
    config: { mediaType: 'application/vnd.oci.image.config.v1+json', ...config },
    layers: [],
  })
  const url = `/v2/${repository}/manifests/latest`
  const { status } = await made.call({
    method: 'PUT',
    url,
    body,
    headers: { 'content-type': mediaType },
  })
  assert.equal(status, 201)
}
