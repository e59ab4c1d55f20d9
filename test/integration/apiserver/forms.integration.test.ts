// In which forms answers are given over HTTP.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { send } from './send.ts'
import { startTestServer, type TestServer } from './test-server.ts'

let server: TestServer

before(async () => {
  server = await startTestServer()
})
after(() => server.close())

test('a review has no table: who asks for nothing else is told so', async () => {
  const review = {
    path: '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews',
    method: 'POST',
    contentType: 'application/json',
    body: '{"spec":{"nonResourceAttributes":{"path":"/","verb":"get"}}}',
  }
  const table = 'application/json;as=Table;v=v1;g=meta.k8s.io'
  const refused = await send(server, { ...review, accept: table })
  assert.deepEqual([refused.status, refused.reason], [406, 'NotAcceptable'])
  assert.equal((await send(server, { ...review, accept: `${table},application/json` })).status, 201)
})
