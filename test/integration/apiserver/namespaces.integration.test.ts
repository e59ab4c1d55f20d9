// What the conformance tests ask of a namespace as an object: the cases of Namespaces in
// test/data/kubernetes-1.36/conformance.json that name this file.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { textOf } from '#apiserver/test-cluster.ts'
import { type HttpClient, httpClient, type Json } from './http-client.ts'
import { startTestServer, type TestServer } from './test-server.ts'

const NAMESPACES = '/api/v1/namespaces'
const STRATEGIC = 'application/strategic-merge-patch+json'

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

const make = (name: string): Promise<Json> =>
  client.ok('POST', NAMESPACES, { metadata: { name, labels: { 'e2e-framework': name } } })

/** The reason, type and message of the newest condition. */
function lastCondition(namespace: Json): unknown[] {
  const conditions = namespace['status']?.['conditions'] as unknown as Json[]
  const { type, reason, message } = conditions.at(-1)!
  return [type, reason, message]
}

test('a patch of a namespace adds a label and makes a newer version', async () => {
  const before = await make('patched')
  const patch = { metadata: { labels: { testLabel: 'testValue' } } }
  const { body } = await client.send('PATCH', `${NAMESPACES}/patched`, patch, STRATEGIC)
  const revision = (object: Json) => BigInt(textOf(object['metadata']?.['resourceVersion']))
  assert.ok(revision(body) > revision(before))
  const read = await client.ok('GET', `${NAMESPACES}/patched`)
  assert.equal(read['metadata']?.['labels']?.['testLabel'], 'testValue')
})

test('the status of a namespace is read, patched with an annotation, and updated', async () => {
  await make('status')
  const place = `${NAMESPACES}/status/status`
  const read = await client.ok('GET', place)
  assert.equal(read['status']?.['phase'], 'Active')
  const condition = { status: 'True', lastTransitionTime: null, reason: 'E2E' }
  const patched = await client.ok('PATCH', place, {
    metadata: { annotations: { 'e2e-patched-ns-status': 'status' } },
    status: { conditions: [{ ...condition, type: 'StatusPatch', message: 'patched' }] },
  })
  assert.equal(patched['metadata']?.['annotations']?.['e2e-patched-ns-status'], 'status')
  assert.deepEqual(lastCondition(patched), ['StatusPatch', 'E2E', 'patched'])
  const next = await client.ok('GET', place)
  const conditions = next['status']?.['conditions'] as unknown as Json[]
  const updated = await client.ok('PUT', place, {
    ...next,
    status: {
      ...next['status'],
      conditions: [...conditions, { ...condition, type: 'StatusUpdate', message: 'updated' }],
    },
  })
  assert.deepEqual(lastCondition(updated), ['StatusUpdate', 'E2E', 'updated'])
})

test('an update of a namespace changes its labels', async () => {
  const made = await make('updated')
  const labels = { ...made['metadata']?.['labels'], updated: 'updated' }
  const updated = await client.ok('PUT', `${NAMESPACES}/updated`, {
    ...made,
    metadata: { ...made['metadata'], labels },
  })
  assert.equal(updated['metadata']?.['labels']?.['updated'], 'updated')
})

test('finalizers of a namespace come and go by its subresource', async () => {
  const made = await make('finalized')
  const fake = 'e2e.example.com/fakeFinalizer'
  const finalize = (namespace: Json, finalizers: string[]) =>
    client.ok('PUT', `${NAMESPACES}/finalized/finalize`, { ...namespace, spec: { finalizers } })
  const added = await finalize(made, ['kubernetes', fake])
  assert.deepEqual(added['spec']?.['finalizers'], ['kubernetes', fake])
  const removed = await finalize(added, ['kubernetes'])
  assert.deepEqual(removed['spec']?.['finalizers'], ['kubernetes'])
})
