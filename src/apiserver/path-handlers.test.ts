import assert from 'node:assert/strict'
import { test } from 'node:test'
import { text } from 'node:stream/consumers'
import { type Json, listOf, testCluster } from './test-cluster.ts'

const CONFIGURATION = '/.well-known/openid-configuration'

test('service accounts find out who issues their tokens, and by which keys', async () => {
  const { as, cluster } = await testCluster()
  const groups = [
    'system:serviceaccounts',
    'system:serviceaccounts:default',
    'system:authenticated',
  ]
  const user = { username: 'system:serviceaccount:default:web', groups }
  const account = as(user)
  const configuration = await account.get(CONFIGURATION)
  const { issuer, jwks_uri: uri } = configuration as Record<string, unknown>
  assert.equal(uri, `${String(issuer)}/openid/v1/jwks`)
  assert.deepEqual(configuration['id_token_signing_alg_values_supported'], ['ES256'])
  const asked = { method: 'GET', path: '/openid/v1/jwks', query: new URLSearchParams() } as const
  const answer = await cluster.call(user)(asked)
  assert.equal(answer.type === 'bytes' && answer.contentType, 'application/jwk-set+json')
  const set = answer.type === 'bytes' ? (JSON.parse(await text(answer.chunks)) as Json) : {}
  const [key] = listOf(set['keys'])
  assert.equal(key?.['kty'], 'EC')
  assert.equal(key?.['d'], undefined, 'the private part stays here')
})

test('others are not told who issues tokens', async () => {
  const { as } = await testCluster()
  const jane = as({ username: 'jane', groups: ['system:authenticated'] })
  await assert.rejects(jane.get(CONFIGURATION), { reason: 'Forbidden' })
})
