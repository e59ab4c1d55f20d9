import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ApiCall, ApiRequest, ApiResponse } from '#base/api-call.ts'
import { StatusError } from '#base/errors.ts'
import { deployments, namespaces, nodes, pods } from '#kinds/refs.ts'
import { createClient } from './create-client.ts'

function recording(response: ApiResponse = { type: 'object', status: 200, body: {} }) {
  const requests: ApiRequest[] = []
  const call: ApiCall = async (request) => {
    requests.push(request)
    return response
  }
  const said = () =>
    requests.map(({ method, path, query }) => `${method} ${path} ${query.toString()}`.trim())
  return { client: createClient(call), requests, said }
}

async function* streamOf<T>(items: readonly T[]): AsyncIterable<T> {
  yield* items
}

test('client builds the paths of core and grouped kinds, with and without namespace', async () => {
  const { client, said } = recording()
  await client.resource(pods).get({ namespace: 'a', name: 'p' })
  await client.resource(deployments).list({ namespace: 'a', labelSelector: 'x=y', limit: 5 })
  await client.resource(pods).list()
  await client.resource(nodes).get({ name: 'n' })
  await client.resource(pods).subresource('POST', { namespace: 'a', name: 'p' }, 'binding', {})
  await client.resource(namespaces).subresource('PUT', { name: 'a' }, 'finalize', {})
  assert.deepEqual(said(), [
    'GET /api/v1/namespaces/a/pods/p',
    'GET /apis/apps/v1/namespaces/a/deployments labelSelector=x%3Dy&limit=5',
    'GET /api/v1/pods',
    'GET /api/v1/nodes/n',
    'POST /api/v1/namespaces/a/pods/p/binding',
    'PUT /api/v1/namespaces/a/finalize',
  ])
})

test('client refuses a namespaced object without a namespace before it asks anybody', async () => {
  const { client, requests } = recording()
  assert.throws(
    () => client.resource(pods).get({ name: 'p' }),
    /has a namespace, but none was given/,
  )
  assert.equal(requests.length, 0)
})

test('client patches as merge patch unless told otherwise', async () => {
  const { client, requests } = recording()
  const place = { namespace: 'a', name: 'd' }
  await client.resource(deployments).patch(place, { spec: {} })
  await client
    .resource(deployments)
    .patch(place, {}, { type: 'application/apply-patch+yaml', fieldManager: 'ccs', force: true })
  assert.equal(requests[0]?.patchType, 'application/merge-patch+json')
  assert.equal(requests[1]?.patchType, 'application/apply-patch+yaml')
  assert.equal(String(requests[1]?.query), 'fieldManager=ccs&force=true')
})

test('client sends delete options as a body', async () => {
  const { client, requests } = recording()
  await client
    .resource(pods)
    .delete(
      { namespace: 'a', name: 'p' },
      { gracePeriodSeconds: 0, propagationPolicy: 'Background', preconditions: { uid: 'u' } },
    )
  assert.deepEqual(requests[0]?.body, {
    apiVersion: 'v1',
    kind: 'DeleteOptions',
    gracePeriodSeconds: 0,
    propagationPolicy: 'Background',
    preconditions: { uid: 'u' },
  })
})

test('client turns an answer that failed into a StatusError with its reason', async () => {
  const body = { kind: 'Status', reason: 'AlreadyExists', message: 'pods "p" already exists' }
  const { client } = recording({ type: 'object', status: 409, body })
  await assert.rejects(
    client.resource(pods).get({ namespace: 'a', name: 'p' }),
    (error: unknown) =>
      error instanceof StatusError && error.reason === 'AlreadyExists' && error.code === 409,
  )
})

test('client hands on the events of a watch and the bytes of a stream', async () => {
  const event = { type: 'ADDED', object: { metadata: { name: 'p' } } }
  const watching = recording({ type: 'watch', events: streamOf([event]) })
  const seen: unknown[] = []
  for await (const each of watching.client.resource(pods).watch({ resourceVersion: '7' }))
    seen.push(each)
  assert.deepEqual(seen, [event])
  assert.deepEqual(watching.said(), ['GET /api/v1/pods resourceVersion=7&watch=true'])

  const bytes = streamOf([Buffer.from('a\n'), Buffer.from('b\n')])
  const logs = recording({ type: 'bytes', status: 200, contentType: 'text/plain', chunks: bytes })
  let text = ''
  const place = { namespace: 'a', name: 'p' }
  for await (const chunk of logs.client.resource(pods).stream(place, 'log', { follow: 'true' }))
    text += Buffer.from(chunk).toString()
  assert.equal(text, 'a\nb\n')
})

test('client reads documents outside resources, JSON or plain text', async () => {
  const text = recording({
    type: 'bytes',
    status: 200,
    contentType: 'text/plain',
    chunks: streamOf([Buffer.from('ok')]),
  })
  assert.equal(await text.client.raw('/readyz?verbose=1'), 'ok')
  assert.deepEqual(text.said(), ['GET /readyz verbose=1'])
})
