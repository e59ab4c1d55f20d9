import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { test } from 'node:test'
import { fakeClock } from '#base/fake-clock.ts'
import { createAuthority } from './authority.ts'
import { clientIdentity } from './client-identity.ts'
import { frontProxyClient } from './front-proxy-client.ts'

const DAY_MS = 24 * 60 * 60_000

test('frontProxyClient shows one certificate, and another before that ends', async () => {
  const clock = fakeClock()
  const authority = await createAuthority({ commonName: 'front proxy CA', clock })
  const proxy = frontProxyClient({ authority, user: 'front-proxy-client', clock })
  const first = await proxy.client()
  const identity = clientIdentity(
    new X509Certificate(first.certificatePem),
    proxy.authorityPem,
    clock.now(),
  )
  assert.deepEqual(identity, { username: 'front-proxy-client', groups: [] })
  assert.equal((await proxy.client()).certificatePem, first.certificatePem)
  await clock.advance(300 * DAY_MS)
  assert.notEqual((await proxy.client()).certificatePem, first.certificatePem)
})
