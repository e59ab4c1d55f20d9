// Manifests that refer to what is not there: it may come later, or never.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { digestOf } from './digest.ts'
import { memoryRegistry, type MemoryRegistry } from './memory-registry.ts'
import { registryLimits } from './registry-limits.ts'

const IMAGE = 'application/vnd.oci.image.manifest.v1+json'
const INDEX = 'application/vnd.oci.image.index.v1+json'
const CONFIG = 'application/vnd.oci.image.config.v1+json'
const LAYER = 'application/vnd.oci.image.layer.v1.tar+gzip'
const absent = { digest: digestOf(Buffer.from('absent layer')), size: 12 }

const put = (
  registry: MemoryRegistry,
  document: unknown,
  reference: string,
  repository = 'p/r',
) => {
  const { mediaType } = document as { mediaType: string }
  return registry.call({
    method: 'PUT',
    url: `/v2/${repository}/manifests/${reference}`,
    headers: { 'content-type': mediaType },
    body: JSON.stringify(document),
  })
}

async function image(registry: MemoryRegistry, layers: object[], repository = 'p/r') {
  const config = await registry.pushBlob(repository, '{"os":"linux","architecture":"amd64"}')
  return {
    schemaVersion: 2,
    mediaType: IMAGE,
    config: { mediaType: CONFIG, ...config },
    layers: layers.map((layer) => ({ mediaType: LAYER, ...layer })),
  }
}

function descriptorOf(document: object, mediaType = IMAGE) {
  const bytes = Buffer.from(JSON.stringify(document))
  return { mediaType, digest: digestOf(bytes), size: bytes.length }
}

const indexOf = (...manifests: object[]) => ({ schemaVersion: 2, mediaType: INDEX, manifests })

const missingOf = ({ metadata }: MemoryRegistry, digest: string, repository = 'p/r') => {
  const { id } = metadata.repositories.find(repository)!
  return metadata.manifests.missingOf(metadata.manifests.findIn(id, digest as 'sha256:')!.id)
}

const sizeOf = async (registry: MemoryRegistry, name: string, tag: string) => {
  const { bytes } = await registry.call({ url: `/ccs/v1/resolve?name=${name}&tag=${tag}` })
  return (JSON.parse(bytes.toString()) as { size: number }).size
}

const remove = (registry: MemoryRegistry, path: string) =>
  registry.call({ method: 'DELETE', url: `/v2/${path}` })

test('an image with a layer that is not there is taken with a warning, and whole once it comes', async () => {
  const registry = memoryRegistry()
  const document = await image(registry, [absent])
  const pushed = await put(registry, document, 'v1')
  assert.equal(pushed.status, 201)
  assert.match(pushed.headers['Warning']!, /^299 - "this refers to 1 that the repository does not/)
  const { digest } = descriptorOf(document)
  assert.deepEqual(missingOf(registry, digest), [absent.digest])
  const before = await sizeOf(registry, 'p/r', 'v1')

  await registry.pushBlob('p/r', 'absent layer')
  assert.deepEqual(missingOf(registry, digest), [])
  assert.equal(await sizeOf(registry, 'p/r', 'v1'), before + absent.size)
  // From now on the layer is in use.
  assert.equal((await remove(registry, `p/r/blobs/${absent.digest}`)).status, 405)
  assert.equal((await put(registry, document, 'v1')).headers['Warning'], undefined)
})

test('a layer in another repository is as absent as one that is nowhere', async () => {
  const registry = memoryRegistry()
  await registry.pushBlob('q/other', 'absent layer')
  const document = await image(registry, [absent])
  const { headers } = await put(registry, document, 'v1')
  assert.match(headers['Warning']!, /299/)
  assert.equal((await registry.call({ url: `/v2/p/r/blobs/${absent.digest}` })).status, 404)
})

test('an index may list platforms that are nowhere, or come later', async () => {
  const registry = memoryRegistry()
  const child = await image(registry, [])
  const index = indexOf(descriptorOf(child), { mediaType: IMAGE, ...absent })
  assert.equal((await put(registry, index, 'v1')).status, 201)
  const { digest } = descriptorOf(index)
  const wanted = [descriptorOf(child).digest, absent.digest].toSorted()
  assert.deepEqual(missingOf(registry, digest), wanted)

  assert.equal((await put(registry, child, descriptorOf(child).digest)).status, 201)
  assert.deepEqual(missingOf(registry, digest), [absent.digest])
  const inUse = await remove(registry, `p/r/manifests/${descriptorOf(child).digest}`)
  assert.equal(inUse.status, 405)
})

test('a child may be deleted where its index is not, and goes when the last index does', async () => {
  const registry = memoryRegistry()
  const child = await image(registry, [])
  const { digest } = descriptorOf(child)
  const index = indexOf(descriptorOf(child))
  await put(registry, child, digest)
  await put(registry, index, 'v1')
  // The same index, without its child.
  await put(registry, index, 'v1', 'p/sparse')
  assert.equal((await remove(registry, `p/r/manifests/${descriptorOf(index).digest}`)).status, 202)
  assert.equal((await remove(registry, `p/r/manifests/${digest}`)).status, 202)
  assert.equal((await registry.call({ url: `/v2/p/r/manifests/${digest}` })).status, 404)
  const last = await remove(registry, `p/sparse/manifests/${descriptorOf(index).digest}`)
  assert.equal(last.status, 202)
  assert.equal((await put(registry, child, digest)).status, 201)
})

test('one push sets many tags, and says which', async () => {
  const registry = memoryRegistry()
  const document = await image(registry, [])
  const { digest } = descriptorOf(document)
  const tags = Array.from({ length: 12 }, (_, at) => `t${at}`)
  const query = tags.map((tag) => `tag=${tag}`).join('&')
  const pushed = await put(registry, document, `${digest}?${query}`)
  assert.equal(pushed.headers['OCI-Tag'], tags.join(', '))
  for (const tag of tags) {
    const got = await registry.call({ url: `/v2/p/r/manifests/${tag}` })
    assert.equal(got.headers['Docker-Content-Digest'], digest)
  }
})

test('tags of a push are all set, or none', async () => {
  const registry = memoryRegistry()
  const document = await image(registry, [])
  const { digest } = descriptorOf(document)
  assert.equal((await put(registry, document, `${digest}?tag=ok&tag=no%20tag`)).status, 400)
  assert.equal((await put(registry, document, 'named?tag=ok')).status, 400)
  const many = Array.from({ length: registryLimits.tagsOfPushMax + 1 }, (_, at) => `tag=t${at}`)
  assert.equal((await put(registry, document, `${digest}?${many.join('&')}`)).status, 414)
  assert.equal((await registry.call({ url: '/v2/p/r/manifests/ok' })).status, 404)
})
