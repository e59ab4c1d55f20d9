// What the conformance tests ask of lists whose version is gone: the case of chunking in
// test/data/kubernetes-1.36/conformance.json that name this file.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { textOf } from '#apiserver/test-cluster.ts'
import { openMemoryStore } from '#storage/open-memory-store.ts'
import { type HttpClient, httpClient, type Json } from './http-client.ts'
import { startTestServer, type TestServer } from './test-server.ts'

const TEMPLATES = '/api/v1/namespaces/default/podtemplates'
const CONFIG_MAPS = '/api/v1/namespaces/default/configmaps'
const COUNT = 40
const PAGE = COUNT / 10

const store = openMemoryStore()
let server: TestServer
let client: HttpClient

before(async () => {
  server = await startTestServer(0, { store })
  client = httpClient(server)
})
after(async () => {
  client.close()
  await server.close()
})

const list = (json: Json | undefined): Json[] => (json ?? []) as unknown as Json[]
const nameOf = (n: number) => `template-${String(n).padStart(4, '0')}`

test('a list goes on behind its last key when its version is compacted away', async () => {
  const template = { spec: { containers: [{ name: 'test', image: 'test2' }] } }
  for (let n = 0; n < COUNT; n++)
    await client.ok('POST', TEMPLATES, { metadata: { name: nameOf(n) }, template })
  const pageAfter = (token: string) =>
    client.send('GET', `${TEMPLATES}?limit=${PAGE}&continue=${encodeURIComponent(token)}`)
  const first = (await pageAfter('')).body
  const firstToken = textOf(first['metadata']?.['continue'])
  assert.equal(first['metadata']?.['remainingItemCount'], COUNT - PAGE)
  await client.ok('POST', CONFIG_MAPS, { metadata: { name: 'later' } })
  await store.compact(store.revision)
  const expired = await pageAfter(firstToken)
  assert.equal(expired.status, 410)
  assert.equal(expired.body['reason'], 'Expired')
  let token = textOf(expired.body['metadata']?.['continue'])
  let version: unknown
  let found = PAGE
  while (token !== '') {
    const { status, body } = await pageAfter(token)
    assert.equal(status, 200)
    const { metadata } = body
    version ??= metadata?.['resourceVersion']
    assert.equal(metadata?.['resourceVersion'], version)
    for (const item of list(body['items']))
      assert.equal(item['metadata']?.['name'], nameOf(found++))
    token = textOf(metadata?.['continue'] ?? '')
    const left = token === '' ? undefined : COUNT - found
    assert.equal(metadata?.['remainingItemCount'], left)
  }
  assert.notEqual(version, first['metadata']?.['resourceVersion'])
  assert.equal(found, COUNT)
})
