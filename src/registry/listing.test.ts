import assert from 'node:assert/strict'
import { test } from 'node:test'
import { memoryRegistry, type MemoryRegistry } from './memory-registry.ts'
import type { RepositorySummary, ResolvedTag } from './product-handlers.ts'

const IMAGE = 'application/vnd.oci.image.manifest.v1+json'
const INDEX = 'application/vnd.oci.image.index.v1+json'
const CONFIG = 'application/vnd.oci.image.config.v1+json'
const TEXT = 'text/plain'

async function pushImage(registry: MemoryRegistry, repository: string, ...tags: string[]) {
  const platform = '{"os":"linux","architecture":"arm64","variant":"v8"}'
  const config = { mediaType: CONFIG, ...(await registry.pushBlob(repository, platform)) }
  const layer = { mediaType: TEXT, ...(await registry.pushBlob(repository, repository)) }
  const body = JSON.stringify({ schemaVersion: 2, mediaType: IMAGE, config, layers: [layer] })
  const digest = await putAll(registry, { repository, tags, body, type: IMAGE })
  return { digest, size: config.size + layer.size + body.length, bytes: body.length }
}

async function putAll(
  registry: MemoryRegistry,
  {
    repository,
    tags,
    body,
    type,
  }: Record<'repository' | 'body' | 'type', string> & {
    tags: string[]
  },
) {
  let digest = ''
  for (const tag of tags) {
    const url = `/v2/${repository}/manifests/${tag}`
    const headers = { 'content-type': type }
    const answer = await registry.call({ method: 'PUT', url, headers, body })
    assert.equal(answer.status, 201)
    digest = answer.headers['Docker-Content-Digest']!
  }
  return digest
}

async function json<Body>(registry: MemoryRegistry, url: string) {
  const { status, headers, bytes } = await registry.call({ url })
  return { status, link: headers['Link'], body: JSON.parse(bytes.toString()) as Body }
}

/** Follows Link headers to the end and returns each page. */
async function pages(registry: MemoryRegistry, url: string) {
  const all: unknown[] = []
  for (let next: string | undefined = url; next !== undefined;) {
    const page: { link: string | undefined; body: unknown } = await json(registry, next)
    all.push(page.body)
    next = page.link === undefined ? undefined : /^<(.*)>; rel="next"$/.exec(page.link)![1]
    assert.ok(all.length < 20, 'pages end')
  }
  return all
}

test('tags are listed in ASCII order, in pages', async () => {
  const registry = memoryRegistry()
  await pushImage(registry, 'p/r', 'b', 'a', 'B', 'a.1', '_x', 'ab')
  const name = 'p/r'
  const list = '/v2/p/r/tags/list'
  const whole = { name, tags: ['B', '_x', 'a', 'a.1', 'ab', 'b'] }
  assert.deepEqual(await pages(registry, list), [whole])
  assert.deepEqual(await pages(registry, `${list}?n=4`), [
    { name, tags: ['B', '_x', 'a', 'a.1'] },
    { name, tags: ['ab', 'b'] },
  ])
  assert.deepEqual(await pages(registry, `${list}?n=3&last=a`), [
    { name, tags: ['a.1', 'ab', 'b'] },
  ])
  assert.deepEqual(await pages(registry, `${list}?last=aa`), [{ name, tags: ['ab', 'b'] }])
  assert.deepEqual(await pages(registry, `${list}?n=0`), [{ name, tags: [] }])
  assert.deepEqual(await pages(registry, `${list}?n=99999999999999999999`), [whole])
  assert.equal((await json(registry, `${list}?n=-1`)).status, 400)
  assert.equal((await json(registry, '/v2/p/none/tags/list')).status, 404)
})

test('the catalog lists repositories that hold a manifest, in pages', async () => {
  const registry = memoryRegistry()
  for (const name of ['p/b', 'p/a', 'q/c']) await pushImage(registry, name, 'latest')
  await registry.pushBlob('p/only-a-blob', 'x')
  assert.deepEqual(await pages(registry, '/v2/_catalog'), [{ repositories: ['p/a', 'p/b', 'q/c'] }])
  assert.deepEqual(await pages(registry, '/v2/_catalog?n=2'), [
    { repositories: ['p/a', 'p/b'] },
    { repositories: ['q/c'] },
  ])
})

test('the list of images shows digest, size, time and platforms of each tag', async () => {
  const registry = memoryRegistry()
  await registry.clock.advance(1_000)
  const image = await pushImage(registry, 'p/r', 'v1')
  await pushImage(registry, 'q/other', 'latest')
  const platform = { os: 'linux', architecture: 'amd64' }
  const attestation = { os: 'unknown', architecture: 'unknown' }
  const child = { mediaType: IMAGE, digest: image.digest, size: image.bytes }
  const manifests = [
    { ...child, platform },
    { ...child, platform: attestation },
  ]
  const body = JSON.stringify({ schemaVersion: 2, mediaType: INDEX, manifests })
  const digest = await putAll(registry, { repository: 'p/r', tags: ['all'], body, type: INDEX })
  const pushedAt = new Date(registry.clock.now()).toISOString().replace('.000Z', 'Z')
  const expected: RepositorySummary = {
    name: 'p/r',
    tagCount: 2,
    tags: [
      {
        tag: 'all',
        digest,
        size: body.length + 2 * image.size,
        pushedAt,
        platforms: ['linux/amd64'],
      },
      {
        tag: 'v1',
        digest: image.digest,
        size: image.size,
        pushedAt,
        platforms: ['linux/arm64/v8'],
      },
    ],
  }
  const listed = await json(registry, '/ccs/v1/repositories?project=p')
  assert.deepEqual(listed.body, [expected])
  const names = (await pages(registry, '/ccs/v1/repositories?n=1')) as RepositorySummary[][]
  assert.deepEqual(
    names.map((page) => page.map(({ name }) => name)),
    [['p/r'], ['q/other']],
  )
})

test('resolve gives the digest of a tag', async () => {
  const registry = memoryRegistry()
  const image = await pushImage(registry, 'p/r', 'latest', 'v1')
  const url = '/ccs/v1/resolve?name=p/r'
  const resolved = await json<ResolvedTag>(registry, `${url}&tag=v1`)
  assert.equal(resolved.body.digest, image.digest)
  assert.equal(resolved.body.mediaType, IMAGE)
  assert.equal((await json<ResolvedTag>(registry, url)).body.tag, 'latest')
  assert.equal((await json(registry, `${url}&tag=v2`)).status, 404)
  assert.equal((await json(registry, '/ccs/v1/resolve?name=p/none&tag=v1')).status, 404)
  assert.equal((await json(registry, '/ccs/v1/resolve')).status, 400)
})
