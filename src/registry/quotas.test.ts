import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type AccessState, emptyAccess } from './access/access-state.ts'
import { digestOf } from './digest.ts'
import { RequestCut } from './http-message.ts'
import { memoryRegistry, type MemoryRegistry } from './memory-registry.ts'
import { registryLimits } from './registry-limits.ts'

const limited = (quotaBytes: number): AccessState => ({
  ...emptyAccess,
  projects: [{ name: 'team', isPublic: false, members: [], immutableTags: [], quotaBytes }],
})

const used = ({ metadata }: MemoryRegistry) => metadata.projectUsage.bytesOf('team')

const post = (registry: MemoryRegistry, content: string, repository = 'team/a') =>
  registry.call({
    method: 'POST',
    url: `/v2/${repository}/blobs/uploads/?digest=${digestOf(Buffer.from(content))}`,
    body: content,
  })

async function begin(registry: MemoryRegistry) {
  const { headers } = await registry.call({ method: 'POST', url: '/v2/team/a/blobs/uploads/' })
  return headers['Location']!
}

const patch = (registry: MemoryRegistry, url: string, body: string | AsyncIterable<Uint8Array>) =>
  registry.call({ method: 'PATCH', url, body })

test('a project takes what it may to the byte, and is told why it takes no more', async () => {
  const registry = memoryRegistry({ state: limited(10) })
  assert.equal((await post(registry, '0123456789')).status, 201)
  assert.equal(used(registry), 10)
  const refused = await post(registry, 'x')
  assert.equal(refused.status, 403)
  assert.match(refused.bytes.toString(), /"DENIED".*may use 10 bytes and uses 10/)
  assert.equal((await post(registry, 'y', 'other/a')).status, 201)
  assert.equal((await registry.objects()).length, 2)
})

test('what two repositories of a project share counts once, as does a mount', async () => {
  const registry = memoryRegistry({ state: limited(10) })
  await post(registry, '0123456789')
  assert.equal(
    (await post(registry, '0123456789', 'team/b')).status,
    403,
    'it counts while it comes',
  )
  const digest = digestOf(Buffer.from('0123456789'))
  const mount = { method: 'POST', url: `/v2/team/b/blobs/uploads/?mount=${digest}&from=team/a` }
  assert.equal((await registry.call(mount)).status, 201)
  assert.equal(used(registry), 10)
  const remove = (repository: string) =>
    registry.call({ method: 'DELETE', url: `/v2/${repository}/blobs/${digest}` })
  await remove('team/a')
  assert.equal(used(registry), 10)
  await remove('team/b')
  assert.equal(used(registry), 0)
})

test('a mount from another project counts, and is refused beyond the quota', async () => {
  const registry = memoryRegistry({ state: limited(5) })
  const { digest } = await registry.pushBlob('other/a', '0123456789')
  const mount = { method: 'POST', url: `/v2/team/a/blobs/uploads/?mount=${digest}&from=other/a` }
  assert.equal((await registry.call(mount)).status, 403)
  assert.equal((await registry.call({ url: `/v2/team/a/blobs/${digest}` })).status, 404)
})

test('uploads under way count, and give back what they do not become', async () => {
  const registry = memoryRegistry({ state: limited(10) })
  const [first, second] = [await begin(registry), await begin(registry)]
  assert.equal((await patch(registry, first, '123456')).status, 202)
  assert.equal((await patch(registry, second, '12345')).status, 403)
  assert.equal((await patch(registry, second, '1234')).status, 202)
  assert.equal((await registry.call({ method: 'DELETE', url: first })).status, 204)
  assert.equal((await patch(registry, second, '567890')).status, 202)
  const digest = digestOf(Buffer.from('1234567890'))
  assert.equal(
    (await registry.call({ method: 'PUT', url: `${second}?digest=${digest}` })).status,
    201,
  )
  assert.equal(used(registry), 10)
  // All that was reserved is given back, or nothing more would fit elsewhere either.
  await registry.call({ method: 'DELETE', url: `/v2/team/a/blobs/${digest}` })
  assert.equal((await post(registry, '0123456789')).status, 201)
})

test('a stream of unknown length is cut where the quota ends', async () => {
  const registry = memoryRegistry({ state: limited(10) })
  let sent = 0
  async function* endless() {
    for (;;) {
      sent += 4
      yield Buffer.from('1234')
    }
  }
  const url = await begin(registry)
  assert.equal((await patch(registry, url, endless())).status, 403)
  assert.equal(sent, 12)
  assert.equal((await patch(registry, url, '0123456789')).status, 202)
})

test('failed and cut uploads count for what is left of them', async () => {
  const registry = memoryRegistry({ state: limited(10) })
  const wrong = digestOf(Buffer.from('something else'))
  const url = `/v2/team/a/blobs/uploads/?digest=${wrong}`
  assert.equal((await registry.call({ method: 'POST', url, body: '0123456789' })).status, 400)
  const session = await begin(registry)
  async function* cut() {
    yield Buffer.from('123456')
    throw new RequestCut('gone')
  }
  await assert.rejects(async () => {
    const { status } = await patch(registry, session, cut())
    if (status >= 400) throw new Error('cut')
  })
  assert.equal((await post(registry, '12345')).status, 403)
  await registry.clock.advance(registryLimits.uploadIdleMs + 1)
  await registry.sweep()
  assert.equal((await post(registry, '0123456789')).status, 201)
})

test('a quota lowered below what is there takes nothing more, and takes nothing away', async () => {
  const registry = memoryRegistry({ state: limited(100) })
  await post(registry, '0123456789')
  registry.access.update(limited(5))
  assert.equal((await post(registry, 'x')).status, 403)
  const digest = digestOf(Buffer.from('0123456789'))
  assert.equal((await registry.call({ url: `/v2/team/a/blobs/${digest}` })).status, 200)
})

test('manifests count too', async () => {
  const registry = memoryRegistry({ state: limited(50) })
  const mediaType = 'application/vnd.oci.image.index.v1+json'
  const body = JSON.stringify({ schemaVersion: 2, mediaType, manifests: [] })
  const headers = { 'content-type': mediaType }
  const put = { method: 'PUT', url: '/v2/team/a/manifests/v1', headers, body }
  assert.equal((await registry.call(put)).status, 403)
  registry.access.update(limited(body.length))
  assert.equal((await registry.call(put)).status, 201)
  assert.equal(used(registry), body.length)
  const { digest } = registry.metadata.manifests.findTagged(1, 'v1')!
  await registry.call({ method: 'DELETE', url: `/v2/team/a/manifests/${digest}` })
  assert.equal(used(registry), 0)
  assert.deepEqual(registry.metadata.projectUsage.differences(), [])
})
