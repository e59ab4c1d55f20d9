import assert from 'node:assert/strict'
import { test } from 'node:test'
import { digestOf } from './digest.ts'
import { memoryRegistry } from './memory-registry.ts'

const CONTENT = 'abcdefghij'
const DIGEST = digestOf(Buffer.from(CONTENT))
const URL = `/v2/p/r/blobs/${DIGEST}`

async function withBlob() {
  const registry = memoryRegistry()
  await registry.pushBlob('p/r', CONTENT)
  return registry
}

test('GET of a blob serves ranges', async () => {
  const registry = await withBlob()
  const get = (range: string) => registry.call({ url: URL, headers: { range } })
  const part = await get('bytes=2-4')
  assert.equal(part.status, 206)
  assert.equal(part.headers['Content-Range'], 'bytes 2-4/10')
  assert.equal(part.headers['Content-Length'], '3')
  assert.equal(part.bytes.toString(), 'cde')
  assert.equal((await get('bytes=-3')).bytes.toString(), 'hij')
  assert.equal((await get('bytes=8-100')).headers['Content-Range'], 'bytes 8-9/10')
  const beyond = await get('bytes=10-')
  assert.equal(beyond.status, 416)
  assert.equal(beyond.headers['Content-Range'], 'bytes */10')
  assert.equal((await get('bytes=0-1,3-4')).status, 200)
})

test('GET of a blob minds conditions', async () => {
  const registry = await withBlob()
  const get = (headers: Record<string, string>) => registry.call({ url: URL, headers })
  const fresh = await get({ 'if-none-match': `"other", W/"${DIGEST}"` })
  assert.equal(fresh.status, 304)
  assert.equal(fresh.headers['ETag'], `"${DIGEST}"`)
  assert.equal(fresh.bytes.length, 0)
  assert.equal((await get({ 'if-none-match': '"other"' })).status, 200)
  const range = 'bytes=0-1'
  assert.equal((await get({ range, 'if-range': `"${DIGEST}"` })).status, 206)
  assert.equal((await get({ range, 'if-range': '"other"' })).status, 200)
})

test('HEAD of a blob tells its size and minds no range', async () => {
  const registry = await withBlob()
  const headers = { range: 'bytes=0-1' }
  const { status, headers: sent } = await registry.call({ method: 'HEAD', url: URL, headers })
  assert.equal(status, 200)
  assert.equal(sent['Content-Length'], '10')
  assert.equal(sent['Docker-Content-Digest'], DIGEST)
})

test('a blob is read only through a repository that has it', async () => {
  const registry = await withBlob()
  await registry.pushBlob('p/other', 'x')
  for (const repository of ['p/other', 'q/r', 'p/r/deeper'])
    for (const method of ['GET', 'HEAD', 'DELETE']) {
      const { status } = await registry.call({ method, url: URL.replace('p/r', repository) })
      assert.equal(status, 404, `${method} ${repository}`)
    }
})

test('DELETE of a blob takes it from one repository at once', async () => {
  const registry = await withBlob()
  await registry.pushBlob('p/other', CONTENT)
  assert.equal((await registry.call({ method: 'DELETE', url: URL })).status, 202)
  assert.equal((await registry.call({ url: URL })).status, 404)
  assert.equal((await registry.call({ method: 'DELETE', url: URL })).status, 404)
  assert.equal((await registry.call({ url: URL.replace('p/r', 'p/other') })).status, 200)
  await registry.pushBlob('p/r', CONTENT)
  assert.equal((await registry.call({ url: URL })).bytes.toString(), CONTENT)
})
