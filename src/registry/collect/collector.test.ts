import assert from 'node:assert/strict'
import { test } from 'node:test'
import { digestOf } from '../digest.ts'
import { memoryRegistry, type MemoryRegistry } from '../memory-registry.ts'
import { registryLimits } from '../registry-limits.ts'
import type { Restored } from './trash.ts'

const { unusedBlobMs, trashKeptMs } = registryLimits
const IMAGE = 'application/vnd.oci.image.manifest.v1+json'
const INDEX = 'application/vnd.oci.image.index.v1+json'

function put(registry: MemoryRegistry, document: { mediaType: string }, reference: string) {
  return registry.call({
    method: 'PUT',
    url: `/v2/p/r/manifests/${reference}`,
    headers: { 'content-type': document.mediaType },
    body: JSON.stringify(document),
  })
}

async function pushImage(registry: MemoryRegistry, reference: string, more: object = {}) {
  const config = await registry.pushBlob('p/r', '{}')
  const layer = await registry.pushBlob('p/r', `layer of ${reference}`)
  const document = {
    schemaVersion: 2,
    mediaType: IMAGE,
    config: { mediaType: 'application/vnd.oci.image.config.v1+json', ...config },
    layers: [{ mediaType: 'application/vnd.oci.image.layer.v1.tar', ...layer }],
    ...more,
  }
  const bytes = Buffer.from(JSON.stringify(document))
  const digest = digestOf(bytes)
  const pushed = await put(registry, document, reference === 'digest' ? digest : reference)
  assert.equal(pushed.status, 201)
  return {
    digest,
    layer: layer.digest,
    descriptor: { mediaType: IMAGE, digest, size: bytes.length },
  }
}

const status = async (registry: MemoryRegistry, path: string, method = 'GET') =>
  (await registry.call({ method, url: `/v2/p/r/${path}` })).status

const remove = (registry: MemoryRegistry, path: string) => status(registry, path, 'DELETE')

async function after(registry: MemoryRegistry, ms: number) {
  await registry.clock.advance(ms + 1)
  return registry.collect()
}

const trashOf = async (registry: MemoryRegistry) =>
  JSON.parse((await registry.call({ url: '/ccs/v1/trash' })).bytes.toString()) as {
    id: number
    digest: string
    tags: string[]
  }[]

test('a blob that no manifest refers to goes after its time, and its bytes with it', async () => {
  const registry = memoryRegistry()
  const { digest } = await registry.pushBlob('p/r', 'forgotten')
  assert.equal((await registry.collect()).unlinked, 0)
  assert.equal(await status(registry, `blobs/${digest}`), 200)
  const collected = await after(registry, unusedBlobMs)
  assert.deepEqual([collected.unlinked, collected.blobs, collected.bytes], [1, 1, 9])
  assert.equal(await status(registry, `blobs/${digest}`), 404)
  assert.deepEqual(await registry.objects(), [])
})

test('what an image uses stays, however long', async () => {
  const registry = memoryRegistry()
  const { layer } = await pushImage(registry, 'v1')
  await after(registry, unusedBlobMs)
  await after(registry, trashKeptMs)
  assert.equal(await status(registry, `blobs/${layer}`), 200)
  assert.equal((await registry.objects()).length, 2)
})

test('a blob that a client was told of is not collected before the client can use it', async () => {
  const registry = memoryRegistry()
  const { digest } = await registry.pushBlob('p/r', 'layer')
  await registry.clock.advance(unusedBlobMs - 1)
  assert.equal(await status(registry, `blobs/${digest}`, 'HEAD'), 200)
  assert.equal((await after(registry, 1)).unlinked, 0)
  assert.equal(await status(registry, `blobs/${digest}`), 200)
  assert.equal((await after(registry, unusedBlobMs)).unlinked, 1)
})

test('after a start nothing goes until all that was told before has ended', async () => {
  const registry = memoryRegistry()
  const { digest } = await registry.pushBlob('p/r', 'layer')
  await registry.clock.advance(unusedBlobMs - 1)
  registry.restart()
  assert.equal((await after(registry, 1)).unlinked, 0)
  assert.equal(await status(registry, `blobs/${digest}`), 200)
  assert.equal((await after(registry, unusedBlobMs)).unlinked, 1)
})

test('bytes that another repository has stay for it', async () => {
  const registry = memoryRegistry()
  const { digest } = await registry.pushBlob('p/r', 'shared')
  await registry.pushBlob('p/other', 'shared')
  assert.equal(await remove(registry, `blobs/${digest}`), 202)
  assert.equal((await registry.objects()).length, 1)
  const { blobs } = await after(registry, unusedBlobMs)
  assert.equal(blobs, 1)
  assert.deepEqual(await registry.objects(), [])
})

test('a deleted image can be had back with its tags, also when its blobs were deleted after it', async () => {
  const registry = memoryRegistry()
  const { digest, layer } = await pushImage(registry, 'v1')
  await put(registry, JSON.parse(await bytesOf(registry, digest)) as { mediaType: string }, 'v2')
  assert.equal(await remove(registry, `manifests/${digest}`), 202)
  assert.equal(await remove(registry, `blobs/${layer}`), 202)
  assert.equal(await status(registry, `blobs/${layer}`), 404)
  await after(registry, unusedBlobMs)
  // Another image takes one of the tags meanwhile.
  await pushImage(registry, 'v2')

  const [entry] = await trashOf(registry)
  assert.deepEqual([entry!.digest, entry!.tags], [digest, ['v1', 'v2']])
  const answer = await registry.call({ method: 'POST', url: `/ccs/v1/trash/${entry!.id}` })
  const restored = JSON.parse(answer.bytes.toString()) as Restored
  assert.deepEqual([restored.tags, restored.taken], [['v1'], ['v2']])
  for (const path of ['manifests/v1', `blobs/${layer}`])
    assert.equal(await status(registry, path), 200, path)
  assert.deepEqual(await trashOf(registry), [])
})

const bytesOf = async (registry: MemoryRegistry, digest: string) =>
  (await registry.call({ url: `/v2/p/r/manifests/${digest}` })).bytes.toString()

test('when the time of the trash is over, all that only it used goes', async () => {
  const registry = memoryRegistry()
  const gone = await pushImage(registry, 'v1')
  const stays = await pushImage(registry, 'v2')
  await remove(registry, `manifests/${gone.digest}`)
  assert.equal((await after(registry, unusedBlobMs)).purged, 0)
  const collected = await after(registry, trashKeptMs)
  assert.deepEqual([collected.purged, collected.blobs], [1, 1])
  assert.equal(await status(registry, `blobs/${gone.layer}`), 404)
  assert.equal(await status(registry, `blobs/${stays.layer}`), 200)
  assert.equal((await registry.objects()).length, 2)
})

test('children of an index and what refers to an image go after them, unless they are tagged', async () => {
  const registry = memoryRegistry()
  const child = await pushImage(registry, 'digest')
  const tagged = await pushImage(registry, 'kept')
  const index = {
    schemaVersion: 2,
    mediaType: INDEX,
    manifests: [child.descriptor, tagged.descriptor],
  }
  await put(registry, index, 'v1')
  const indexDigest = digestOf(Buffer.from(JSON.stringify(index)))
  const subject = { mediaType: INDEX, digest: indexDigest, size: JSON.stringify(index).length }
  const signature = await pushImage(registry, 'digest', { subject })

  await remove(registry, `manifests/${indexDigest}`)
  await after(registry, unusedBlobMs)
  assert.equal(await status(registry, `manifests/${child.digest}`), 200, 'kept with the trash')
  const { manifests } = await after(registry, trashKeptMs)
  assert.equal(manifests, 2)
  for (const { digest } of [child, signature])
    assert.equal(await status(registry, `manifests/${digest}`), 404)
  assert.equal(await status(registry, 'manifests/kept'), 200)
})

test('a manifest pushed by its digest alone stays', async () => {
  const registry = memoryRegistry()
  const { digest } = await pushImage(registry, 'digest')
  await after(registry, unusedBlobMs)
  await after(registry, trashKeptMs)
  assert.equal(await status(registry, `manifests/${digest}`), 200)
})

test('purging ends at once what could be had back', async () => {
  const registry = memoryRegistry()
  const { digest, layer } = await pushImage(registry, 'v1')
  await registry.clock.advance(unusedBlobMs + 1)
  await remove(registry, `manifests/${digest}`)
  const { id } = (await trashOf(registry))[0]!
  const purge = { method: 'DELETE', url: `/ccs/v1/trash/${id}` }
  assert.equal((await registry.call({ ...purge, as: 'puller' })).status, 403)
  assert.equal((await registry.call(purge)).status, 202)
  assert.equal((await registry.call(purge)).status, 404)
  await registry.collect()
  assert.equal(await status(registry, `blobs/${layer}`), 404)
  assert.deepEqual(await registry.objects(), [])
})

test('only administrators have the registry collected', async () => {
  const registry = memoryRegistry()
  const collect = { method: 'POST', url: '/ccs/v1/collect' }
  assert.equal((await registry.call({ ...collect, as: 'puller' })).status, 403)
  const answer = await registry.call(collect)
  assert.equal(answer.status, 200)
  assert.equal((JSON.parse(answer.bytes.toString()) as { reviewed: number }).reviewed, 0)
})
