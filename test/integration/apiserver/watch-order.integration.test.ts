// What the conformance tests ask of watches that reach into the past: the cases of Watchers in
// test/data/kubernetes-1.36/conformance.json that name this file.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { textOf } from '#apiserver/test-cluster.ts'
import { type HttpClient, httpClient } from './http-client.ts'
import { startTestServer, type TestServer } from './test-server.ts'

const CONFIG_MAPS = '/api/v1/namespaces/default/configmaps'

let server: TestServer
let client: HttpClient

before(async () => {
  server = await startTestServer()
  client = httpClient(server)
})
after(async () => {
  client.close()
  await server.close()
})

test('watches that begin at each event tell the rest in the same order', async () => {
  const { metadata } = await client.ok('GET', CONFIG_MAPS)
  const start = textOf(metadata?.['resourceVersion'])
  const writes = 30
  for (let n = 0; n < writes / 3; n++) {
    const place = `${CONFIG_MAPS}/order-${n}`
    await client.ok('POST', CONFIG_MAPS, { metadata: { name: `order-${n}` } })
    await client.ok('PATCH', place, { data: { n: String(n) } })
    await client.ok('DELETE', place)
  }
  const versionsSince = async (version: string, count: number) => {
    const path = `${CONFIG_MAPS}?watch=true&timeoutSeconds=20&resourceVersion=${version}`
    const events = await client.watch(path, count)
    return events.map(({ object }) => textOf(object?.['metadata']?.['resourceVersion']))
  }
  const order = await versionsSince(start, writes)
  assert.equal(new Set(order).size, writes)
  const others = order
    .slice(0, -1)
    .map(async (version, n) =>
      assert.deepEqual(await versionsSince(version, writes - n - 1), order.slice(n + 1)),
    )
  await Promise.all(others)
})
