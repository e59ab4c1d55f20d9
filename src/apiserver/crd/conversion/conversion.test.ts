// Versions that a webhook converts, as the conformance tests of CustomResourceConversionWebhook have them: v1
// has `hostPort`, v2 `host` and `port`.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  HOOK_CA_BUNDLE,
  HOOK_PLACE,
  HOOK_URL,
  webhookPeer,
} from '../../admission/webhooks/webhook-peer.ts'
import { fakeDial } from '../../outgoing/fake-dial.ts'
import { type Json, listOf, testCluster, textOf } from '../../test-cluster.ts'

const GROUP = 'stable.example.com'
const V1 = `/apis/${GROUP}/v1/namespaces/default/endpoints`
const V2 = `/apis/${GROUP}/v2/namespaces/default/endpoints`
const DEFINITIONS = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions'

const open = {
  openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
}
const definition = (stored: 'v1' | 'v2') => ({
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: `endpoints.${GROUP}` },
  spec: {
    group: GROUP,
    scope: 'Namespaced',
    names: { kind: 'Endpoint', plural: 'endpoints' },
    versions: ['v1', 'v2'].map((name) => ({
      name,
      served: true,
      storage: name === stored,
      schema: open,
    })),
    conversion: {
      strategy: 'Webhook',
      webhook: {
        clientConfig: { url: HOOK_URL, caBundle: HOOK_CA_BUNDLE },
        conversionReviewVersions: ['v1'],
      },
    },
  },
})

function convert(object: Json, apiVersion: string): object {
  const { hostPort, host, port, ...rest } = object
  if (!apiVersion.endsWith('/v2'))
    return { ...rest, apiVersion, hostPort: `${textOf(host)}:${textOf(port)}` }
  const [name, number] = textOf(hostPort).split(':')
  return { ...rest, apiVersion, host: name, port: number }
}

const converter = webhookPeer((request) => ({
  result: { status: 'Success' },
  convertedObjects: listOf(request['objects']).map((object) =>
    convert(object, textOf(request['desiredAPIVersion'])),
  ),
}))

async function withDefinition(peer = converter) {
  const peers = fakeDial()
  peers.listen(HOOK_PLACE, peer)
  const made = await testCluster({ dial: peers.dial })
  await made.api.create(DEFINITIONS, definition('v1'))
  await made.clock.advance(1_000)
  return made
}

const one = (name: string) => ({
  apiVersion: `${GROUP}/v1`,
  kind: 'Endpoint',
  metadata: { name },
  hostPort: 'localhost:8080',
})

test('an object written as v1 is read, listed, watched and changed as v2', async () => {
  const { api } = await withDefinition()
  await api.create(V1, one('a'))
  const read = await api.get(`${V2}/a`)
  assert.equal(read['apiVersion'], `${GROUP}/v2`)
  assert.equal(read['host'], 'localhost')
  assert.equal(read['port'], '8080')
  const [listed] = listOf((await api.get(V2))['items'])
  assert.equal(listed?.['host'], 'localhost')
  const stop = new AbortController()
  const version = textOf((await api.get(V2))['metadata']?.['resourceVersion'])
  const events = await api.watch(`${V2}?watch=1&resourceVersion=${version}`, stop.signal)
  await api.patch(`${V2}/a`, { port: '9090' })
  const { value } = await events.next()
  assert.equal((value as Json)['object']?.['port'], '9090')
  stop.abort()
  assert.equal((await api.get(`${V1}/a`))['hostPort'], 'localhost:9090')
})

test('a list of objects stored in several versions is of one', async () => {
  const { api, clock } = await withDefinition()
  await api.create(V1, one('a'))
  await api.patch(`${DEFINITIONS}/endpoints.${GROUP}`, { spec: definition('v2').spec })
  await clock.advance(1_000)
  await api.create(V1, one('b'))
  for (const [path, field] of [
    [V1, 'hostPort'],
    [V2, 'host'],
  ] as const) {
    const items = listOf((await api.get(path))['items'])
    assert.equal(items.length, 2)
    for (const item of items) assert.match(textOf(item[field]), /^localhost/)
  }
})

test('what the webhook refuses fails in its words', async () => {
  const failing = webhookPeer(() => ({
    result: { status: 'Failed', message: 'not today' },
    convertedObjects: [],
  }))
  const { api } = await withDefinition(failing)
  await api.create(V1, one('a'))
  await assert.rejects(api.get(`${V2}/a`), {
    message: /conversion webhook for stable\.example\.com\/v1, Kind=Endpoint failed: .*not today/,
  })
  assert.equal((await api.get(`${V1}/a`))['hostPort'], 'localhost:8080')
})
