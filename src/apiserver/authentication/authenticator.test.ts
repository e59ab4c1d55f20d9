import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { test } from 'node:test'
import { fakeClock } from '#base/fake-clock.ts'
import { createAuthority } from '#identity/authority.ts'
import { issueClientCertificate } from '#identity/leaf-certificate.ts'
import { hashToken } from '#identity/secret-token.ts'
import { openMemoryStore } from '#storage/open-memory-store.ts'
import { createObjectStorage } from '../objects/object-storage.ts'
import { testTokens } from '../test-cluster.ts'
import { ANONYMOUS, createAuthenticator } from './authenticator.ts'

const none = { authorization: undefined, certificate: undefined }

async function setup() {
  const clock = fakeClock()
  const authority = await createAuthority({ commonName: 'clients', clock })
  const authenticator = createAuthenticator({
    clock,
    objects: createObjectStorage(openMemoryStore()),
    tokens: await testTokens(clock),
    clientAuthorityPem: authority.certificatePem,
    findToken: (hash) =>
      hash === hashToken('secret') ? { username: 'robot', groups: ['robots'] } : undefined,
  })
  const certificateOf = async (issuer: typeof authority) => {
    const options = { authority: issuer, user: 'jane', groups: ['devs'], clock }
    return new X509Certificate((await issueClientCertificate(options)).certificatePem)
  }
  return { clock, authority, authenticator, certificateOf }
}

test('authenticate takes no credentials as anonymous', async () => {
  const { authenticator } = await setup()
  assert.deepEqual(await authenticator.authenticate(none), { user: ANONYMOUS })
})

test('authenticate knows an opaque token by its hash', async () => {
  const { authenticator } = await setup()
  const { user } = await authenticator.authenticate({ ...none, authorization: 'Bearer secret' })
  assert.deepEqual(user, { username: 'robot', groups: ['robots', 'system:authenticated'] })
})

test('authenticate refuses credentials that are wrong', async () => {
  const { authenticator } = await setup()
  for (const authorization of ['Bearer nonsense', 'Basic YTpi', 'Bearer a.b.c'])
    await assert.rejects(authenticator.authenticate({ ...none, authorization }), {
      reason: 'Unauthorized',
    })
})

test('authenticate knows a client by its certificate', async () => {
  const { authenticator, certificateOf, authority } = await setup()
  const certificate = await certificateOf(authority)
  const { user } = await authenticator.authenticate({ ...none, certificate })
  const id = `X509SHA256=${certificate.fingerprint256.replaceAll(':', '').toLowerCase()}`
  assert.deepEqual(user, {
    username: 'jane',
    groups: ['devs', 'system:authenticated'],
    extra: { 'authentication.kubernetes.io/credential-id': [id] },
  })
})

test('authenticate refuses a certificate of another cluster', async () => {
  const { authenticator, certificateOf, clock } = await setup()
  const other = await createAuthority({ commonName: 'clients', clock })
  const certificate = await certificateOf(other)
  await assert.rejects(authenticator.authenticate({ ...none, certificate }), {
    reason: 'Unauthorized',
  })
})

test('authenticate takes a good token also beside a certificate that does not count here', async () => {
  const { authenticator, certificateOf, clock } = await setup()
  const certificate = await certificateOf(await createAuthority({ commonName: 'clients', clock }))
  const { user } = await authenticator.authenticate({ certificate, authorization: 'Bearer secret' })
  assert.equal(user.username, 'robot')
})
