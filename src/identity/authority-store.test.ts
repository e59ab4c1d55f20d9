import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { type TestContext, test } from 'node:test'
import { fakeClock } from '#base/fake-clock.ts'
import { authorityStore } from './authority-store.ts'

const clock = fakeClock()
const wanted = { names: ['localhost'], addresses: ['127.0.0.1', '::1'] }

function scratch(context: TestContext): string {
  const directory = mkdtempSync(path.join(tmpdir(), 'ccs-pki-'))
  context.after(() => rmSync(directory, { recursive: true }))
  return path.join(directory, 'pki')
}

test('authorityStore makes each authority once and finds it again', async (context) => {
  const directory = scratch(context)
  const store = authorityStore({ directory, clock })
  const made = {
    server: await store.serverAuthority(),
    hub: await store.clientAuthority('hub'),
    local: await store.clientAuthority('local'),
    key: store.serviceAccountKeyPem('local'),
  }
  assert.equal(new Set(Object.values(made).map((one) => JSON.stringify(one))).size, 4)
  const again = authorityStore({ directory, clock })
  assert.deepEqual(
    {
      server: await again.serverAuthority(),
      hub: await again.clientAuthority('hub'),
      local: await again.clientAuthority('local'),
      key: again.serviceAccountKeyPem('local'),
    },
    made,
  )
})

test('authorityStore keeps keys in files for their owner only', async (context) => {
  const directory = scratch(context)
  const store = authorityStore({ directory, clock })
  await store.clientAuthority('local')
  store.serviceAccountKeyPem('local')
  await store.serverCertificate('api', wanted)
  const files = readdirSync(directory, { recursive: true, encoding: 'utf8' }).toSorted()
  assert.deepEqual(files, [
    'local',
    'local/client-ca.crt',
    'local/client-ca.key',
    'local/service-accounts.key',
    'server-api.pem',
    'server-ca.crt',
    'server-ca.key',
  ])
  for (const file of files)
    if (readFileIfAny(path.join(directory, file)).includes('PRIVATE KEY'))
      assert.equal(statSync(path.join(directory, file)).mode & 0o777, 0o600, file)
})

function readFileIfAny(file: string): string {
  return statSync(file).isFile() ? readFileSync(file, 'utf8') : ''
}

test('authorityStore gives all who ask at once the same authority', async (context) => {
  const store = authorityStore({ directory: scratch(context), clock })
  const [one, other] = await Promise.all([store.serverAuthority(), store.serverAuthority()])
  assert.equal(one.keyPem, other.keyPem)
})

test('authorityStore makes an authority anew whose certificate was never written', async (context) => {
  const directory = scratch(context)
  await authorityStore({ directory, clock }).serverAuthority()
  rmSync(path.join(directory, 'server-ca.crt'))
  const { certificatePem } = await authorityStore({ directory, clock }).serverAuthority()
  assert.equal(readFileSync(path.join(directory, 'server-ca.crt'), 'utf8'), certificatePem)
})

test('authorityStore refuses a key that is not the one of its certificate', async (context) => {
  const directory = scratch(context)
  const store = authorityStore({ directory, clock })
  await store.serverAuthority()
  writeFileSync(path.join(directory, 'server-ca.key'), store.serviceAccountKeyPem('local'))
  const again = authorityStore({ directory, clock })
  await assert.rejects(again.serverAuthority(), /server-ca\.key is not the key of .*one backup/)
  writeFileSync(path.join(directory, 'server-ca.key'), 'garbage')
  await assert.rejects(again.serverAuthority(), /server-ca\.key cannot be read as PEM/)
})

test('authorityStore lets no cluster name lead out of its directory', async (context) => {
  const store = authorityStore({ directory: scratch(context), clock })
  for (const name of ['..', 'a/b', '', 'A'])
    assert.throws(() => store.serviceAccountKeyPem(name), /DNS label/)
})

test('authorityStore keeps a server certificate until it is due or lacks a name', async (context) => {
  const directory = scratch(context)
  const now = fakeClock()
  const store = authorityStore({ directory, clock: now })
  const first = await store.serverCertificate('api', wanted)
  assert.deepEqual(await store.serverCertificate('api', wanted), first)

  const more = { names: ['localhost'], addresses: ['127.0.0.1', '10.64.1.1'] }
  const second = await store.serverCertificate('api', more)
  assert.notEqual(second.certificatePem, first.certificatePem)
  assert.ok(new X509Certificate(second.certificatePem).checkIP('10.64.1.1'))

  now.step(300 * 24 * 60 * 60 * 1000)
  const third = await store.serverCertificate('api', more)
  assert.notEqual(third.certificatePem, second.certificatePem)
})

test('authorityStore replaces a server certificate of another authority', async (context) => {
  const directory = scratch(context)
  const first = await authorityStore({ directory, clock }).serverCertificate('api', wanted)
  rmSync(path.join(directory, 'server-ca.crt'))
  const store = authorityStore({ directory, clock })
  const second = await store.serverCertificate('api', wanted)
  assert.notEqual(second.certificatePem, first.certificatePem)
  const authority = new X509Certificate((await store.serverAuthority()).certificatePem)
  assert.ok(new X509Certificate(second.certificatePem).verify(authority.publicKey))
})
