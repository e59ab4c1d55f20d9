import assert from 'node:assert/strict'
import { test } from 'node:test'
import { digestOf } from './digest.ts'
import { memoryRegistry, type TestRequest } from './memory-registry.ts'

const DIGEST = digestOf(Buffer.from('nothing has these bytes'))

/** Every route with every method that it knows. */
const requests: { request: TestRequest; action: 'pull' | 'push' | 'delete' }[] = [
  ['GET', '/v2/', 'pull'],
  ['GET', '/v2/_catalog', 'pull'],
  ['GET', '/ccs/v1/repositories', 'pull'],
  ['GET', '/ccs/v1/resolve?name=p/r&tag=t', 'pull'],
  ['GET', '/v2/p/r/tags/list', 'pull'],
  ['GET', `/v2/p/r/referrers/${DIGEST}`, 'pull'],
  ['GET', `/v2/p/r/blobs/${DIGEST}`, 'pull'],
  ['HEAD', `/v2/p/r/blobs/${DIGEST}`, 'pull'],
  ['DELETE', `/v2/p/r/blobs/${DIGEST}`, 'delete'],
  ['POST', '/v2/p/r/blobs/uploads/', 'push'],
  ['GET', '/v2/p/r/blobs/uploads/x', 'push'],
  ['PATCH', '/v2/p/r/blobs/uploads/x', 'push'],
  ['PUT', `/v2/p/r/blobs/uploads/x?digest=${DIGEST}`, 'push'],
  ['DELETE', '/v2/p/r/blobs/uploads/x', 'push'],
  ['GET', '/v2/p/r/manifests/t', 'pull'],
  ['HEAD', '/v2/p/r/manifests/t', 'pull'],
  ['PUT', '/v2/p/r/manifests/t', 'push'],
  ['DELETE', '/v2/p/r/manifests/t', 'delete'],
].map(([method, url, action]) => ({
  request: { method: method!, url: url! },
  action: action as 'pull',
}))

test('router asks everyone without credentials for them, on every route', async () => {
  const registry = memoryRegistry()
  for (const { request } of [...requests, { request: { url: '/v2/nothing' } }]) {
    const { status, headers, bytes } = await registry.call({ ...request, as: 'nobody' })
    assert.equal(status, 401, request.url)
    assert.match(headers['WWW-Authenticate']!, /^Bearer realm="\/auth\/token",service=/)
    assert.match(bytes.toString(), /"code":"UNAUTHORIZED"/)
  }
})

test('router refuses wrong tokens', async () => {
  const authorization = `Basic ${Buffer.from('admin:guess').toString('base64')}`
  const { status } = await memoryRegistry().call({ url: '/v2/', headers: { authorization } })
  assert.equal(status, 401)
})

test('router lets the role "pull" read and do nothing else', async () => {
  const registry = memoryRegistry()
  for (const { request, action } of requests) {
    const { status } = await registry.call({ ...request, as: 'puller' })
    if (action === 'pull') assert.notEqual(status, 403, request.url)
    else assert.equal(status, 403, `${request.method} ${request.url}`)
  }
})

test('router lets the role "admin" do everything', async () => {
  const registry = memoryRegistry()
  for (const { request } of requests) {
    const { status } = await registry.call(request)
    assert.ok(status !== 401 && status !== 403, `${request.method} ${request.url}: ${status}`)
    assert.ok(status < 500, `${request.method} ${request.url}: ${status}`)
  }
})

test('router tells health to everyone', async () => {
  const { status, bytes } = await memoryRegistry().call({ url: '/healthz', as: 'nobody' })
  assert.equal(status, 200)
  assert.equal(bytes.toString(), '{"status":"ok"}')
})

test('router names the methods a route has', async () => {
  const { status, headers } = await memoryRegistry().call({ method: 'POST', url: '/v2/_catalog' })
  assert.equal(status, 405)
  assert.equal(headers['Allow'], 'GET')
  const odd = await memoryRegistry().call({ method: 'constructor', url: '/v2/_catalog' })
  assert.equal(odd.status, 405)
})

test('router answers for its own hosts only when a mirror client names one', async () => {
  const registry = memoryRegistry()
  await registry.pushBlob('p/r', 'x')
  const blob = `/v2/p/r/blobs/${digestOf(Buffer.from('x'))}`
  for (const host of ['registry.ccs.internal', 'LOCALHOST:5000'])
    assert.equal((await registry.call({ url: `${blob}?ns=${host}` })).status, 200, host)
  for (const host of ['docker.io', 'localhost:5001', '169.254.169.254', '', '[::1]:5000']) {
    const { status, bytes } = await registry.call({ url: `${blob}?ns=${host}` })
    assert.equal(status, 404, host)
    assert.match(bytes.toString(), /NAME_UNKNOWN.*does not mirror/)
  }
  const unknown = await registry.call({ url: `${blob}?ns=docker.io`, as: 'nobody' })
  assert.equal(unknown.status, 404, 'also before a machine is asked for credentials')
  const both = await registry.call({ url: `${blob}?ns=registry.ccs.internal&ns=docker.io` })
  assert.equal(both.status, 404)
})
