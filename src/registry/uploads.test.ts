import assert from 'node:assert/strict'
import { test } from 'node:test'
import { digestOf } from './digest.ts'
import { RequestCut } from './http-message.ts'
import { memoryRegistry, type MemoryRegistry } from './memory-registry.ts'
import { registryLimits } from './registry-limits.ts'

const UPLOADS = '/v2/p/r/blobs/uploads/'
const digest = (text: string) => digestOf(Buffer.from(text))
const blobUrl = (text: string, repository = 'p/r') => `/v2/${repository}/blobs/${digest(text)}`

async function begin(registry: MemoryRegistry): Promise<string> {
  const { status, headers } = await registry.call({ method: 'POST', url: UPLOADS })
  assert.equal(status, 202)
  assert.equal(headers['Range'], '0-0')
  return headers['Location']!
}

async function assertNothingLeft(registry: MemoryRegistry) {
  assert.deepEqual(await registry.objects(), [])
  assert.equal(registry.metadata.uploads.count(), 0)
}

async function* cutAfter(text: string): AsyncGenerator<Uint8Array> {
  yield Buffer.from(text)
  throw new RequestCut('gone')
}

test('a whole blob in one POST is there to read', async () => {
  const registry = memoryRegistry()
  for (const text of ['hello', '', '{}']) {
    const url = `${UPLOADS}?digest=${digest(text)}`
    const pushed = await registry.call({ method: 'POST', url, body: text })
    assert.equal(pushed.status, 201)
    assert.equal(pushed.headers['Location'], blobUrl(text))
    assert.equal(pushed.headers['Docker-Content-Digest'], digest(text))
    const { status, headers, bytes } = await registry.call({ url: blobUrl(text) })
    assert.equal(status, 200)
    assert.equal(headers['Content-Length'], String(text.length))
    assert.equal(bytes.toString(), text)
  }
})

test('a POST and a PUT with the body make a blob', async () => {
  const registry = memoryRegistry()
  const location = await begin(registry)
  const url = `${location}?digest=${digest('hello')}`
  assert.equal((await registry.call({ method: 'PUT', url, body: 'hello' })).status, 201)
  assert.equal((await registry.call({ url: blobUrl('hello') })).bytes.toString(), 'hello')
  assert.equal((await registry.call({ method: 'PUT', url, body: 'hello' })).status, 404)
})

test('chunks with ranges are joined, the last one in PUT', async () => {
  const registry = memoryRegistry()
  const location = await begin(registry)
  const send = (method: string, url: string, range: string, body: string) =>
    registry.call({ method, url, body, headers: { 'content-range': range } })
  const first = await send('PATCH', location, '0-2', 'hel')
  assert.equal(first.status, 202)
  assert.equal(first.headers['Range'], '0-2')
  assert.equal((await send('PATCH', location, '3-4', 'lo')).headers['Range'], '0-4')
  const last = await send('PUT', `${location}?digest=${digest('hello!')}`, '5-5', '!')
  assert.equal(last.status, 201)
  assert.equal((await registry.call({ url: blobUrl('hello!') })).bytes.toString(), 'hello!')
})

test('a chunk out of order is refused with 416, by PATCH and PUT, and the upload goes on', async () => {
  const registry = memoryRegistry()
  const location = await begin(registry)
  await registry.call({ method: 'PATCH', url: location, body: 'abc' })
  const finish = `${location}?digest=${digest('abcdef')}`
  for (const [method, url] of [['PATCH', location] as const, ['PUT', finish] as const])
    for (const range of ['4-5', '0-1', '2-3']) {
      const headers = { 'content-range': range }
      const refused = await registry.call({ method, url, headers, body: 'xx' })
      assert.equal(refused.status, 416, `${method} ${range}`)
      assert.equal(refused.headers['Range'], '0-2')
    }
  const status = await registry.call({ url: location })
  assert.equal(status.status, 204)
  assert.equal(status.headers['Range'], '0-2')
  assert.equal(status.headers['Location'], location)
  const headers = { 'content-range': '3-5' }
  const done = await registry.call({ method: 'PUT', url: finish, headers, body: 'def' })
  assert.equal(done.status, 201)
})

test('a malformed Content-Range is refused and changes nothing', async () => {
  const registry = memoryRegistry()
  const location = await begin(registry)
  for (const range of ['5-3', '-', 'x', '0-99999999999999999999']) {
    const headers = { 'content-range': range }
    const { status } = await registry.call({ method: 'PATCH', url: location, headers, body: 'x' })
    assert.equal(status, 400, range)
  }
  const headers = { 'content-range': '0-9', 'content-length': '3' }
  const { status } = await registry.call({ method: 'PATCH', url: location, headers, body: 'abc' })
  assert.equal(status, 400)
  assert.equal((await registry.call({ url: location })).headers['Range'], '0-0')
})

test('a body of another length than its Content-Range is taken back', async () => {
  const registry = memoryRegistry()
  const location = await begin(registry)
  await registry.call({ method: 'PATCH', url: location, body: 'abc' })
  for (const body of ['toolong', 'x']) {
    const headers = { 'content-range': '3-5' }
    const { status } = await registry.call({ method: 'PATCH', url: location, headers, body })
    assert.equal(status, 400, body)
    assert.equal((await registry.call({ url: location })).headers['Range'], '0-2')
  }
  const url = `${location}?digest=${digest('abcdef')}`
  assert.equal((await registry.call({ method: 'PUT', url, body: 'def' })).status, 201)
})

test('a wrong digest is refused and leaves nothing, however the blob was sent', async () => {
  const registry = memoryRegistry()
  const wrong = digest('something else')
  const posted = await registry.call({
    method: 'POST',
    url: `${UPLOADS}?digest=${wrong}`,
    body: 'hello',
  })
  assert.equal(posted.status, 400)
  assert.match(posted.bytes.toString(), /DIGEST_INVALID/)
  const location = await begin(registry)
  await registry.call({ method: 'PATCH', url: location, body: 'hello' })
  const put = await registry.call({ method: 'PUT', url: `${location}?digest=${wrong}` })
  assert.equal(put.status, 400)
  assert.equal((await registry.call({ url: location })).status, 404)
  await assertNothingLeft(registry)
  assert.equal((await registry.call({ url: `/v2/p/r/blobs/${wrong}` })).status, 404)
})

test('a malformed or missing digest is refused before anything is received', async () => {
  const registry = memoryRegistry()
  const location = await begin(registry)
  for (const url of [location, `${location}?digest=sha256:abc`, `${location}?digest=md5:00`]) {
    const { status } = await registry.call({ method: 'PUT', url, body: 'hello' })
    assert.equal(status, 400, url)
  }
  assert.equal((await registry.call({ url: location })).headers['Range'], '0-0')
})

test('a cut POST leaves nothing', async () => {
  const registry = memoryRegistry()
  const url = `${UPLOADS}?digest=${digest('hello')}`
  await registry.call({ method: 'POST', url, body: cutAfter('hel') })
  await assertNothingLeft(registry)
})

test('a cut PATCH keeps what came, so that the client goes on there', async () => {
  const registry = memoryRegistry()
  const location = await begin(registry)
  await registry.call({ method: 'PATCH', url: location, body: cutAfter('hel') })
  assert.equal((await registry.call({ url: location })).headers['Range'], '0-2')
  const url = `${location}?digest=${digest('hello')}`
  const headers = { 'content-range': '3-4' }
  assert.equal((await registry.call({ method: 'PUT', url, headers, body: 'lo' })).status, 201)
})

test('an upload goes on after a restart at the exact byte', async () => {
  const registry = memoryRegistry()
  const location = await begin(registry)
  await registry.call({ method: 'PATCH', url: location, body: 'hel' })
  registry.restart()
  assert.equal((await registry.call({ url: location })).headers['Range'], '0-2')
  registry.restart()
  const headers = { 'content-range': '3-4' }
  await registry.call({ method: 'PATCH', url: location, headers, body: 'lo' })
  registry.restart()
  const url = `${location}?digest=${digest('hello')}`
  assert.equal((await registry.call({ method: 'PUT', url })).status, 201)
  assert.equal((await registry.call({ url: blobUrl('hello') })).bytes.toString(), 'hello')
})

test('a sha512 digest works, announced or known only at the end', async () => {
  const registry = memoryRegistry()
  const sha512 = digestOf(Buffer.from('hello'), 'sha512')
  const once = await registry.call({
    method: 'POST',
    url: `${UPLOADS}?digest=${sha512}`,
    body: 'hello',
  })
  assert.equal(once.status, 201)
  const location = await begin(registry)
  await registry.call({ method: 'PATCH', url: location, body: 'hel' })
  const url = `${location}?digest=${sha512}`
  assert.equal((await registry.call({ method: 'PUT', url, body: 'lo' })).status, 201)
  assert.equal((await registry.call({ url: `/v2/p/r/blobs/${sha512}` })).bytes.toString(), 'hello')
})

test('the same bytes pushed twice are stored once', async () => {
  const registry = memoryRegistry()
  await registry.pushBlob('p/r', 'hello')
  await registry.pushBlob('p/r', 'hello')
  await registry.pushBlob('p/other', 'hello')
  assert.equal((await registry.objects()).length, 1)
  assert.deepEqual(registry.metadata.blobs.doomed(), [])
  assert.equal((await registry.call({ url: blobUrl('hello', 'p/other') })).status, 200)
})

test('an upload belongs to its repository', async () => {
  const registry = memoryRegistry()
  const location = await begin(registry)
  const foreign = location.replace('/p/r/', '/p/other/')
  await registry.pushBlob('p/other', 'x')
  for (const [method, query] of [
    ['GET', ''],
    ['PATCH', ''],
    ['PUT', `?digest=${digest('hello')}`],
    ['DELETE', ''],
  ] as const) {
    const { status } = await registry.call({ method, url: foreign + query, body: 'hello' })
    assert.equal(status, 404, method)
  }
  assert.equal((await registry.call({ url: location })).status, 204)
})

test('Uploads keeps the session of one actor from another', async () => {
  const registry = memoryRegistry()
  const id = (await begin(registry)).split('/').at(-1)!
  const row = registry.metadata.uploads.find(id)!
  registry.metadata.uploads.delete(id)
  registry.metadata.uploads.insert({ ...row, actor: 'someone-else' })
  registry.restart()
  assert.equal((await registry.call({ url: `${UPLOADS}${id}` })).status, 404)
})

test('a second writer of one upload is refused while the first one writes', async () => {
  const registry = memoryRegistry()
  const location = await begin(registry)
  let release = () => {}
  const released = new Promise<void>((resolve) => (release = resolve))
  async function* slow() {
    yield Buffer.from('hel')
    await released
  }
  const first = registry.call({ method: 'PATCH', url: location, body: slow() })
  const second = await registry.call({ method: 'PATCH', url: location, body: 'xxx' })
  assert.equal(second.status, 409)
  release()
  assert.equal((await first).headers['Range'], '0-2')
})

test('cancelling ends an upload and removes its bytes, also while it receives', async () => {
  const registry = memoryRegistry()
  const location = await begin(registry)
  await registry.call({ method: 'PATCH', url: location, body: 'hel' })
  assert.equal((await registry.call({ method: 'DELETE', url: location })).status, 204)
  assert.equal((await registry.call({ url: location })).status, 404)
  assert.equal((await registry.call({ method: 'DELETE', url: location })).status, 404)

  const busy = await begin(registry)
  async function* cancelled() {
    yield Buffer.from('hel')
    assert.equal((await registry.call({ method: 'DELETE', url: busy })).status, 204)
    yield Buffer.from('lo')
  }
  const { status } = await registry.call({ method: 'PATCH', url: busy, body: cancelled() })
  assert.equal(status, 404)
  await assertNothingLeft(registry)
})

test('cancelling at the last moment never removes the bytes of a blob', async () => {
  const registry = memoryRegistry()
  const location = await begin(registry)
  async function* cancelledAtEnd() {
    yield Buffer.from('hello')
    await registry.call({ method: 'DELETE', url: location })
  }
  const url = `${location}?digest=${digest('hello')}`
  const { status } = await registry.call({ method: 'PUT', url, body: cancelledAtEnd() })
  const read = await registry.call({ url: blobUrl('hello') })
  if (status === 201) assert.equal(read.bytes.toString(), 'hello')
  else assert.equal(read.status, 404)
})

test('Uploads.sweep removes idle uploads and leaves the others', async () => {
  const registry = memoryRegistry()
  const idle = await begin(registry)
  await registry.call({ method: 'PATCH', url: idle, body: 'hel' })
  await registry.clock.advance(registryLimits.uploadIdleMs / 2)
  const active = await begin(registry)
  await registry.clock.advance(registryLimits.uploadIdleMs / 2 + 1)
  registry.restart()
  await registry.sweep()
  assert.equal((await registry.call({ url: idle })).status, 404)
  assert.equal((await registry.call({ url: active })).status, 204)
  assert.deepEqual(await registry.objects(), [])
})

test('Uploads.sweep removes objects whose removal a crash interrupted', async () => {
  const registry = memoryRegistry()
  await registry.pushBlob('p/r', 'kept')
  const [kept] = await registry.objects()
  const writer = await registry.store.append('f'.repeat(32), 0)
  await writer.close({ durable: true })
  registry.metadata.blobs.doom('f'.repeat(32))
  registry.metadata.blobs.doom('e'.repeat(32))
  registry.restart()
  await registry.sweep()
  assert.deepEqual(await registry.objects(), [kept])
  assert.deepEqual(registry.metadata.blobs.doomed(), [])
})

test('a failed write to the store takes the piece back and the upload goes on', async () => {
  const registry = memoryRegistry()
  const location = await begin(registry)
  await registry.call({ method: 'PATCH', url: location, body: 'hel' })
  const append = registry.store.append.bind(registry.store)
  registry.store.append = async (key, offset) => {
    const writer = await append(key, offset)
    return {
      size: writer.size,
      close: (options) => writer.close(options),
      abort: () => writer.abort(),
      write: async () => {
        throw Object.assign(new Error('no space'), { code: 'ENOSPC' })
      },
    }
  }
  const failed = await registry.call({ method: 'PATCH', url: location, body: 'lo' })
  assert.equal(failed.status, 507)
  registry.store.append = append
  const url = `${location}?digest=${digest('hello')}`
  assert.equal((await registry.call({ method: 'PUT', url, body: 'lo' })).status, 201)
})

test('a mount links a blob of a repository that the actor may read', async () => {
  const registry = memoryRegistry()
  await registry.pushBlob('p/r', 'hello')
  const mount = (query: string) =>
    registry.call({ method: 'POST', url: `/v2/q/new/blobs/uploads/?${query}` })
  const mounted = await mount(`mount=${digest('hello')}&from=p/r`)
  assert.equal(mounted.status, 201)
  assert.equal(mounted.headers['Location'], blobUrl('hello', 'q/new'))
  assert.equal((await registry.call({ url: blobUrl('hello', 'q/new') })).status, 200)
  assert.equal((await mount(`mount=${digest('hello')}`)).status, 201)
  assert.equal((await registry.objects()).length, 1)
})

test('a mount of what is not there opens an upload instead', async () => {
  const registry = memoryRegistry()
  await registry.pushBlob('p/r', 'hello')
  for (const query of [
    `mount=${digest('missing')}&from=p/r`,
    `mount=${digest('hello')}&from=p/other`,
    `mount=${digest('hello')}&from=../../etc`,
  ]) {
    const url = `/v2/q/new/blobs/uploads/?${query}`
    const { status, headers } = await registry.call({ method: 'POST', url })
    assert.equal(status, 202, query)
    assert.match(headers['Location']!, /^\/v2\/q\/new\/blobs\/uploads\/[0-9a-f]{32}$/)
  }
})
