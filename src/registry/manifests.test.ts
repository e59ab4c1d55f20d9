import assert from 'node:assert/strict'
import { test } from 'node:test'
import { digestOf } from './digest.ts'
import { memoryRegistry, type MemoryRegistry } from './memory-registry.ts'
import { registryLimits } from './registry-limits.ts'

const IMAGE = 'application/vnd.oci.image.manifest.v1+json'
const INDEX = 'application/vnd.oci.image.index.v1+json'
const CONFIG = 'application/vnd.oci.image.config.v1+json'
const LAYER = 'application/vnd.oci.image.layer.v1.tar+gzip'

interface Put {
  reference?: string
  repository?: string
  type?: string
}

const url = (reference: string, repository = 'p/r') => `/v2/${repository}/manifests/${reference}`

function put(registry: MemoryRegistry, document: unknown, options: Put = {}) {
  const { reference = 'latest', repository = 'p/r', type = IMAGE } = options
  const body = typeof document === 'string' ? document : JSON.stringify(document)
  const headers = { 'content-type': type }
  return registry.call({ method: 'PUT', url: url(reference, repository), headers, body })
}

async function image(registry: MemoryRegistry, repository = 'p/r', layer = 'layer') {
  const config = await registry.pushBlob(repository, '{"os":"linux","architecture":"amd64"}')
  return {
    schemaVersion: 2,
    mediaType: IMAGE,
    config: { mediaType: CONFIG, ...config },
    layers: [{ mediaType: LAYER, ...(await registry.pushBlob(repository, layer)) }],
  }
}

function descriptorOf(document: unknown, mediaType = IMAGE) {
  const bytes = Buffer.from(JSON.stringify(document))
  return { mediaType, digest: digestOf(bytes), size: bytes.length }
}

async function assertInvalid(registry: MemoryRegistry, document: unknown, options: Put = {}) {
  const { status, bytes } = await put(registry, document, options)
  assert.equal(status, 400, JSON.stringify(document).slice(0, 100))
  assert.match(bytes.toString(), /MANIFEST_INVALID/)
}

test('a manifest is given back by tag and digest, byte for byte', async () => {
  const registry = memoryRegistry()
  const text = `${JSON.stringify(await image(registry), undefined, 3)}\n `
  const digest = digestOf(Buffer.from(text))
  const pushed = await put(registry, text, { reference: 'v1' })
  assert.equal(pushed.status, 201)
  assert.equal(pushed.headers['Docker-Content-Digest'], digest)
  assert.equal(pushed.headers['Location'], url(digest))
  for (const reference of ['v1', digest]) {
    const got = await registry.call({ url: url(reference) })
    assert.equal(got.status, 200)
    assert.equal(got.bytes.toString(), text)
    assert.equal(got.headers['Content-Type'], IMAGE)
    assert.equal(got.headers['Docker-Content-Digest'], digest)
    const head = await registry.call({ method: 'HEAD', url: url(reference) })
    assert.equal(head.headers['Content-Length'], String(text.length))
  }
  const headers = { 'if-none-match': `"${digest}"` }
  assert.equal((await registry.call({ url: url('v1'), headers })).status, 304)
})

test('a manifest pushed by digest must have that digest, sha256 or sha512', async () => {
  const registry = memoryRegistry()
  const text = JSON.stringify(await image(registry))
  const bytes = Buffer.from(text)
  for (const algorithm of ['sha256', 'sha512'] as const) {
    const reference = digestOf(bytes, algorithm)
    assert.equal((await put(registry, `${text} `, { reference })).status, 400)
    assert.equal((await registry.call({ url: url(reference) })).status, 404)
    const pushed = await put(registry, text, { reference })
    assert.equal(pushed.headers['Docker-Content-Digest'], reference)
    assert.equal((await registry.call({ url: url(reference) })).bytes.toString(), text)
  }
})

test('an image is refused when its config is not in its repository', async () => {
  const registry = memoryRegistry()
  const document = await image(registry)
  const { status, bytes } = await put(registry, document, { repository: 'p/other' })
  assert.equal(status, 400)
  assert.match(bytes.toString(), /MANIFEST_BLOB_UNKNOWN/)
  assert.ok(bytes.toString().includes(document.config.digest))
  assert.equal((await registry.call({ url: url('latest', 'p/other') })).status, 404)
  assert.equal(registry.metadata.repositories.find('p/other'), undefined)
})

test('a manifest is refused when it is wrong about a size', async () => {
  const registry = memoryRegistry()
  const document = await image(registry)
  document.layers[0]!.size++
  await assertInvalid(registry, document)
})

test('layers that are never pushed need not be there', async () => {
  const registry = memoryRegistry()
  const document = await image(registry)
  const digest = digestOf(Buffer.from('elsewhere'))
  const mediaType = 'application/vnd.oci.image.layer.nondistributable.v1.tar+gzip'
  document.layers.push({ mediaType, digest, size: 9 })
  assert.equal((await put(registry, document)).status, 201)
})

test('documents that could be read in two ways are refused', async () => {
  const registry = memoryRegistry()
  const document = await image(registry)
  await assertInvalid(registry, { ...document, manifests: [] })
  await assertInvalid(registry, { ...document, mediaType: INDEX })
  await assertInvalid(registry, document, { type: INDEX })
  await assertInvalid(registry, { schemaVersion: 2, manifests: [], layers: [] }, { type: INDEX })
  await assertInvalid(registry, document, { type: '' })
  await assertInvalid(registry, document, { type: 'application/json' })
  await assertInvalid(registry, document, { type: 'constructor' })
})

test('what is no manifest is refused', async () => {
  const registry = memoryRegistry()
  const document = await image(registry)
  for (const text of ['', 'null', '[]', '"x"', '{', `\uFEFF${JSON.stringify(document)}`])
    await assertInvalid(registry, text)
  await assertInvalid(registry, { ...document, schemaVersion: 1 })
  await assertInvalid(registry, { ...document, layers: undefined })
  await assertInvalid(registry, { ...document, config: undefined })
  await assertInvalid(registry, { ...document, annotations: { a: 1 } })
  await assertInvalid(registry, { ...document, config: { ...document.config, digest: '../x' } })
  await assertInvalid(registry, { ...document, config: { ...document.config, size: -1 } })
  await assertInvalid(registry, { ...document, subject: {} })
  const docker = 'application/vnd.docker.distribution.manifest.v2+json'
  await assertInvalid(registry, { ...document, mediaType: undefined }, { type: docker })
})

test('the OCI type may be left out of a document', async () => {
  const registry = memoryRegistry()
  const document = { ...(await image(registry)), mediaType: undefined }
  assert.equal((await put(registry, document, { type: `${IMAGE}; charset=utf-8` })).status, 201)
  assert.equal((await registry.call({ url: url('latest') })).headers['Content-Type'], IMAGE)
})

test('manifests up to the limit are taken, not one byte more', async () => {
  const registry = memoryRegistry()
  const text = JSON.stringify(await image(registry))
  const padded = (size: number) => text + ' '.repeat(size - text.length)
  assert.equal((await put(registry, padded(registryLimits.manifestBytesMax))).status, 201)
  const { status, bytes } = await put(registry, padded(registryLimits.manifestBytesMax + 1))
  assert.equal(status, 413)
  assert.match(bytes.toString(), /SIZE_INVALID/)
})

test('tags are checked when made, and simply not found otherwise', async () => {
  const registry = memoryRegistry()
  const document = await image(registry)
  await put(registry, document)
  for (const reference of ['.hidden', '-x', 'a'.repeat(129), 'a+b', '%2e%2e']) {
    assert.equal((await put(registry, document, { reference })).status, 400, reference)
    assert.equal((await registry.call({ url: url(reference) })).status, 404, reference)
  }
  assert.equal((await put(registry, document, { reference: 'a'.repeat(128) })).status, 201)
})

test('a tag moves to what is pushed last', async () => {
  const registry = memoryRegistry()
  const first = await put(registry, await image(registry))
  const second = await put(registry, await image(registry, 'p/r', 'other layer'))
  const [one, two] = [first, second].map(({ headers }) => headers['Docker-Content-Digest']!)
  const { headers } = await registry.call({ url: url('latest') })
  assert.equal(headers['Docker-Content-Digest'], two)
  assert.equal((await registry.call({ url: url(one!) })).status, 200)
})

test('deleting a tag leaves the manifest, deleting by digest takes its tags too', async () => {
  const registry = memoryRegistry()
  const document = await image(registry)
  const { digest } = descriptorOf(document)
  for (const reference of ['a', 'b', 'c']) await put(registry, document, { reference })
  const remove = (reference: string) => registry.call({ method: 'DELETE', url: url(reference) })
  assert.equal((await remove('a')).status, 202)
  assert.equal((await remove('a')).status, 404)
  assert.equal((await registry.call({ url: url('b') })).status, 200)
  assert.equal((await remove(digest)).status, 202)
  for (const reference of ['b', 'c', digest])
    assert.equal((await registry.call({ url: url(reference) })).status, 404)
  assert.equal((await put(registry, document)).status, 201)
})

test('a manifest deleted in one repository stays in another', async () => {
  const registry = memoryRegistry()
  const document = await image(registry)
  await image(registry, 'p/other')
  await put(registry, document)
  await put(registry, document, { repository: 'p/other' })
  const { digest } = descriptorOf(document)
  await registry.call({ method: 'DELETE', url: url(digest) })
  assert.equal((await registry.call({ url: url('latest', 'p/other') })).status, 200)
  assert.equal((await registry.call({ url: url(digest) })).status, 404)
})

test('what a manifest uses cannot be deleted before it', async () => {
  const registry = memoryRegistry()
  const document = await image(registry)
  const child = descriptorOf(document)
  await put(registry, document, { reference: child.digest })
  const index = { schemaVersion: 2, mediaType: INDEX, manifests: [child] }
  const { digest } = descriptorOf(index)
  await put(registry, index, { type: INDEX })
  const layer = `/v2/p/r/blobs/${document.layers[0]!.digest}`
  const remove = async (path: string) =>
    (await registry.call({ method: 'DELETE', url: path })).status
  assert.equal(await remove(layer), 405)
  assert.equal(await remove(url(child.digest)), 405)
  assert.equal(await remove(url(digest)), 202)
  assert.equal(await remove(layer), 405)
  assert.equal(await remove(url(child.digest)), 202)
  assert.equal(await remove(layer), 202)
})

test('an index may have layers as children, as build caches do', async () => {
  const registry = memoryRegistry()
  const layer = { mediaType: LAYER, ...(await registry.pushBlob('p/r', 'cache')) }
  const index = { schemaVersion: 2, mediaType: INDEX, manifests: [layer] }
  assert.equal((await put(registry, index, { type: INDEX })).status, 201)
})

test('referrers lists what names a subject, also before the subject is there', async () => {
  const registry = memoryRegistry()
  const subject = descriptorOf(await image(registry))
  const list = async (query = '') => {
    const answer = await registry.call({ url: `/v2/p/r/referrers/${subject.digest}${query}` })
    assert.equal(answer.status, 200)
    assert.equal(answer.headers['Content-Type'], INDEX)
    return { ...answer, index: JSON.parse(answer.bytes.toString()) as { manifests: object[] } }
  }
  assert.deepEqual((await list()).index, { schemaVersion: 2, mediaType: INDEX, manifests: [] })
  const annotations = { by: 'test' }
  const sbom = { ...(await image(registry)), subject, artifactType: 'text/sbom', annotations }
  const plain = { ...(await image(registry)), subject }
  const pushed = await put(registry, sbom)
  assert.equal(pushed.headers['OCI-Subject'], subject.digest)
  await put(registry, sbom, { reference: 'again' })
  await put(registry, plain)
  const entries = [
    { ...descriptorOf(sbom), artifactType: 'text/sbom', annotations },
    { ...descriptorOf(plain), artifactType: CONFIG },
  ]
  const byDigest = (a: { digest: string }, b: { digest: string }) => (a.digest < b.digest ? -1 : 1)
  assert.deepEqual((await list()).index.manifests, entries.toSorted(byDigest))
  const filtered = await list('?artifactType=text/sbom')
  assert.deepEqual(filtered.index.manifests, [entries[0]])
  assert.equal(filtered.headers['OCI-Filters-Applied'], 'artifactType')
  const page = await list('?n=1')
  assert.equal(page.index.manifests.length, 1)
  const next = /^<\/v2\/p\/r\/referrers\/[^?]+(\?.*)>; rel="next"$/.exec(page.headers['Link']!)
  assert.deepEqual((await list(next![1])).index.manifests, [entries.toSorted(byDigest)[1]])
})

test('referrers of a repository that is not there are none', async () => {
  const { digest } = descriptorOf({})
  const { status } = await memoryRegistry().call({ url: `/v2/p/none/referrers/${digest}` })
  assert.equal(status, 200)
})
