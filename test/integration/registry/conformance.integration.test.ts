// The cases of the conformance program of the OCI distribution spec, with all that OCI_VERSION=dev turns on
// and sparse content: over a socket, with tokens. Named as they are named there.
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { rm } from 'node:fs/promises'
import { after, describe, test } from 'node:test'
import { type Algorithm, type Answer, digest, ociClient } from './conformance/oci-client.ts'
import {
  type Content,
  contents,
  type Manifest,
  OCI_IMAGE,
  OCI_INDEX,
} from './conformance/oci-data.ts'
import { basic, makeDataDir, startRegistry } from './start-registry.ts'

const REPOSITORY = 'conformance/repo1'
const OTHER = 'conformance/repo2'
const CHUNK = 1_024

const dataDir = await makeDataDir()
const registry = await startRegistry(dataDir)
const client = ociClient(registry.host, basic('admin'))
const ask: typeof client.ask = (path, options) => client.ask(path, options)
after(async () => {
  await registry.stop()
  await rm(dataDir, { recursive: true, force: true })
})

const at = (path: string, repository = REPOSITORY) => `/v2/${repository}/${path}`
const octets = { 'content-type': 'application/octet-stream' }
const withDigest = (location: string, name: string) =>
  `${location}${location.includes('?') ? '&' : '?'}digest=${encodeURIComponent(name)}`

async function start(repository = REPOSITORY): Promise<string> {
  const answer = await ask(at('blobs/uploads/', repository), { method: 'POST' })
  assert.equal(answer.status, 202)
  return answer.headers.get('location')!
}

const sendRange = (
  location: string,
  bytes: Buffer,
  [from, to]: [number, number],
  method = 'PATCH',
) =>
  ask(location, {
    method,
    headers: { ...octets, 'content-range': `${from}-${to}` },
    body: bytes.subarray(from, to + 1),
  })

const chunksOf = (bytes: Buffer): [number, number][] =>
  Array.from({ length: Math.ceil(bytes.length / CHUNK) }, (_, index) => [
    index * CHUNK,
    Math.min((index + 1) * CHUNK, bytes.length) - 1,
  ])

interface Chunked {
  putLast?: boolean
  outOfOrder?: boolean
}

async function chunked(bytes: Buffer, name: string, { putLast, outOfOrder }: Chunked = {}) {
  let location = await start()
  const chunks = chunksOf(bytes)
  for (const [index, chunk] of chunks.entries()) {
    const isPut = (last: number) => putLast === true && last === bytes.length - 1
    if (outOfOrder) {
      const wrong = chunks[index + 1] ?? chunks[0]!
      const method = isPut(wrong[1]) ? 'PUT' : 'PATCH'
      const url = method === 'PUT' ? withDigest(location, name) : location
      if (wrong !== chunk) assert.equal((await sendRange(url, bytes, wrong, method)).status, 416)
      const session = await ask(location)
      assert.equal(session.status, 204)
      assert.equal(session.headers.get('range'), `0-${Math.max(0, chunk[0] - 1)}`)
      location = session.headers.get('location')!
    }
    if (isPut(chunk[1])) return sendRange(withDigest(location, name), bytes, chunk, 'PUT')
    const sent = await sendRange(location, bytes, chunk)
    assert.equal(sent.status, 202)
    assert.equal(sent.headers.get('range'), `0-${chunk[1]}`)
    location = sent.headers.get('location')!
  }
  return ask(withDigest(location, name), { method: 'PUT', headers: octets })
}

type Push = (bytes: Buffer, name: string) => Promise<Answer>

const pushes: Record<string, Push> = {
  'post only': (body, name) =>
    ask(withDigest(at('blobs/uploads/'), name), { method: 'POST', headers: octets, body }),
  'post+put': async (body, name) =>
    ask(withDigest(await start(), name), { method: 'PUT', headers: octets, body }),
  chunked: (bytes, name) => chunked(bytes, name),
  'chunked and put chunk': (bytes, name) => chunked(bytes, name, { putLast: true }),
  'chunked out-of-order': (bytes, name) => chunked(bytes, name, { outOfOrder: true }),
  'chunked out-of-order and put chunk': (bytes, name) =>
    chunked(bytes, name, { putLast: true, outOfOrder: true }),
  stream: async (body, name) => {
    const sent = await ask(await start(), { method: 'PATCH', headers: octets, body })
    assert.equal(sent.status, 202)
    return ask(withDigest(sent.headers.get('location')!, name), { method: 'PUT', headers: octets })
  },
}

async function isThere(bytes: Buffer, name: string, repository = REPOSITORY) {
  const url = at(`blobs/${name}`, repository)
  for (const method of ['HEAD', 'GET']) {
    const { status, headers, bytes: got } = await ask(url, { method })
    assert.equal(status, 200)
    assert.equal(headers.get('content-length'), String(bytes.length))
    assert.equal(headers.get('docker-content-digest'), name)
    assert.ok(got.equals(method === 'GET' ? bytes : Buffer.alloc(0)))
  }
}

async function deleted(url: string) {
  assert.equal((await ask(url, { method: 'DELETE' })).status, 202, url)
  assert.equal((await ask(url, { method: 'HEAD' })).status, 404, url)
}

async function created({ status, headers, bytes }: Answer, body: Buffer, name: string) {
  assert.equal(status, 201, bytes.toString())
  assert.equal(headers.get('docker-content-digest'), name)
  assert.ok((await ask(headers.get('location')!)).bytes.equals(body))
}

test('ping', async () => assert.equal((await ask('/v2/')).status, 200))

test('empty: tag list and referrers of a repository that is not there', async () => {
  assert.ok([200, 404].includes((await ask(at('tags/list'))).status))
  await referrersAre(digest(randomBytes(8)), [])
})

for (const algorithm of ['sha256', 'sha512'] as Algorithm[])
  describe(`${algorithm} blobs`, () => {
    for (const [name, push] of Object.entries(pushes))
      test(name, async () => {
        const bytes = randomBytes(3 * CHUNK - 5)
        const wanted = digest(bytes, algorithm)
        assert.equal((await ask(at(`blobs/${wanted}`))).status, 404)
        await created(await push(bytes, wanted), bytes, wanted)
        await isThere(bytes, wanted)
        await deleted(at(`blobs/${wanted}`))
      })

    for (const [what, bytes] of Object.entries({
      empty: Buffer.alloc(0),
      emptyJSON: Buffer.from('{}'),
    }))
      for (const [name, push] of Object.entries(pushes).filter(([key]) => !key.includes('order')))
        test(`${what}, ${name}`, async () => {
          const wanted = digest(bytes, algorithm)
          await created(await push(bytes, wanted), bytes, wanted)
          await isThere(bytes, wanted)
          await deleted(at(`blobs/${wanted}`))
        })

    for (const [name, push] of Object.entries(pushes).filter(([key]) => !key.includes('order')))
      test(`bad digest ${name}`, async () => {
        const bytes = randomBytes(3 * CHUNK - 5)
        const wanted = digest(randomBytes(8), algorithm)
        const { status, bytes: told } = await push(bytes, wanted)
        assert.equal(status, 400)
        assert.match(told.toString(), /DIGEST_INVALID/)
        assert.equal((await ask(at(`blobs/${wanted}`))).status, 404)
      })

    for (const from of [OTHER, undefined])
      test(from === undefined ? 'mount anonymous' : 'mount', async () => {
        const bytes = randomBytes(512)
        const wanted = digest(bytes, algorithm)
        const put = { method: 'PUT', headers: octets, body: bytes }
        assert.equal((await ask(withDigest(await start(OTHER), wanted), put)).status, 201)
        const query = `mount=${wanted}${from === undefined ? '' : `&from=${from}`}`
        const mounted = await ask(at(`blobs/uploads/?${query}`), { method: 'POST' })
        await created(mounted, bytes, wanted)
        await deleted(at(`blobs/${wanted}`))
        await isThere(bytes, wanted, OTHER)
        await deleted(at(`blobs/${wanted}`, OTHER))
      })

    test('mount missing', async () => {
      const missing = digest(randomBytes(8), algorithm)
      const url = at(`blobs/uploads/?mount=${missing}&from=${OTHER}`)
      assert.equal((await ask(url, { method: 'POST' })).status, 202)
    })

    test('post cancel', async () => {
      const location = await start()
      assert.equal((await ask(location, { method: 'DELETE' })).status, 204)
      assert.equal((await ask(location)).status, 404)
    })

    test('range requests', async () => {
      const bytes = randomBytes(2_048)
      const wanted = digest(bytes, algorithm)
      await created(await pushes['post+put']!(bytes, wanted), bytes, wanted)
      const get = (range: string) =>
        ask(at(`blobs/${wanted}`), { headers: { range: `bytes=${range}` } })
      const parts: [string, number, number][] = [
        ['500-1499', 500, 1_500],
        ['500-', 500, 2_048],
        ['-500', 1_548, 2_048],
        ['2000-5000', 2_000, 2_048],
      ]
      for (const [range, from, to] of parts) {
        const part = await get(range)
        assert.equal(part.status, 206, range)
        assert.equal(part.headers.get('content-range'), `bytes ${from}-${to - 1}/2048`)
        assert.ok(part.bytes.equals(bytes.subarray(from, to)), range)
      }
      for (const range of ['500-0', '5000-10000']) assert.equal((await get(range)).status, 416)
      await deleted(at(`blobs/${wanted}`))
    })
  })

const putManifest = ({ mediaType, bytes }: Manifest, reference: string) =>
  ask(at(`manifests/${reference}`), {
    method: 'PUT',
    headers: { 'content-type': mediaType },
    body: bytes,
  })

const tagsOf = ({ tags }: Content, name: string) =>
  [...tags].filter(([, meant]) => meant === name).map(([tag]) => tag)

async function push(content: Content) {
  for (const [name, bytes] of content.blobs)
    assert.equal((await pushes['post+put']!(bytes, name)).status, 201)
  for (const manifest of content.manifests) {
    const tags = content.tagsAreParameters ? tagsOf(content, manifest.digest) : []
    const query = tags.map((tag, at) => `${at === 0 ? '?' : '&'}tag=${tag}`).join('')
    const answer = await putManifest(manifest, `${manifest.digest}${query}`)
    await created(answer, manifest.bytes, manifest.digest)
    assert.equal(answer.headers.get('oci-subject'), manifest.subject ?? null)
    const set = answer.headers.get('oci-tag')?.split(/, */) ?? []
    assert.deepEqual(set.toSorted(), tags.toSorted())
  }
  if (content.tagsAreParameters) return
  for (const [tag, name] of content.tags) {
    const manifest = content.manifests.find((one) => one.digest === name)!
    await created(await putManifest(manifest, tag), manifest.bytes, name)
  }
}

async function pull(content: Content) {
  const references = [
    ...content.tags,
    ...content.manifests.map((m) => [m.digest, m.digest] as const),
  ]
  for (const [reference, name] of references) {
    const manifest = content.manifests.find((one) => one.digest === name)!
    for (const method of ['HEAD', 'GET']) {
      const headers = { accept: `${OCI_INDEX}, ${OCI_IMAGE}` }
      const got = await ask(at(`manifests/${reference}`), { method, headers })
      assert.equal(got.status, 200, reference)
      assert.equal(got.headers.get('content-type'), manifest.mediaType)
      assert.equal(got.headers.get('content-length'), String(manifest.bytes.length))
      assert.equal(got.headers.get('docker-content-digest'), name)
      assert.ok(got.bytes.equals(method === 'GET' ? manifest.bytes : Buffer.alloc(0)))
    }
  }
  for (const [name, bytes] of content.blobs) await isThere(bytes, name)
}

async function list(content: Content) {
  const tags = async (query = '') => {
    const { status, bytes } = await ask(at(`tags/list${query}`))
    return status === 404 ? [] : (JSON.parse(bytes.toString()) as { tags: string[] }).tags
  }
  const all = await tags()
  assert.deepEqual(all, all.toSorted())
  for (const tag of content.tags.keys()) assert.ok(all.includes(tag), tag)
  if (all.length < 2) return
  const end = Math.floor(all.length / 2)
  assert.deepEqual(await tags(`?last=${all[end - 1]}`), all.slice(end))
}

interface Referrer {
  digest: string
  artifactType?: string
  annotations?: Record<string, string>
}

async function referrersAre(subject: string, wanted: string[], artifactType?: string) {
  const query =
    artifactType === undefined ? '' : `?artifactType=${encodeURIComponent(artifactType)}`
  const { status, headers, bytes } = await ask(at(`referrers/${subject}${query}`))
  assert.equal(status, 200)
  assert.equal(headers.get('content-type'), OCI_INDEX)
  const index = JSON.parse(bytes.toString()) as {
    schemaVersion: number
    mediaType: string
    manifests: Referrer[]
  }
  assert.deepEqual([index.schemaVersion, index.mediaType], [2, OCI_INDEX])
  const found = index.manifests.map((one) => one.digest)
  assert.deepEqual(found.toSorted(), wanted.toSorted())
  if (artifactType === undefined) return index.manifests
  assert.equal(headers.get('oci-filters-applied'), 'artifactType')
  return index.manifests
}

async function referrers(content: Content) {
  const subjects = new Set(content.manifests.flatMap(({ subject }) => subject ?? []))
  for (const subject of subjects) {
    const own = content.manifests.filter((one) => one.subject === subject)
    const all = await referrersAre(
      subject,
      own.map((one) => one.digest),
    )
    for (const { digest: name, annotations, artifactType } of all) {
      const document = JSON.parse(
        own.find((one) => one.digest === name)!.bytes.toString(),
      ) as Referrer
      assert.deepEqual(annotations, document.annotations)
      const same = all.filter((one) => one.artifactType === artifactType)
      await referrersAre(
        subject,
        same.map((one) => one.digest),
        artifactType,
      )
    }
  }
}

for (const [name, make] of Object.entries(contents))
  test(`${name}: pushed, listed, pulled, referred to, deleted`, async () => {
    const content = make()
    await push(content)
    await list(content)
    await pull(content)
    await referrers(content)
    for (const tag of content.tags.keys()) await deleted(at(`manifests/${tag}`))
    for (const manifest of content.manifests.toReversed())
      await deleted(at(`manifests/${manifest.digest}`))
    for (const blob of content.blobs.keys()) await deleted(at(`blobs/${blob}`))
  })

test('bad-digest-image: other bytes than the digest says are refused', async () => {
  const content = contents['image']!()
  for (const [name, bytes] of content.blobs) await pushes['post+put']!(bytes, name)
  const [manifest] = content.manifests
  const padded = { ...manifest!, bytes: Buffer.concat([manifest!.bytes, Buffer.from('  ')]) }
  assert.equal((await putManifest(padded, manifest!.digest)).status, 400)
  assert.equal((await putManifest(manifest!, 'sha256:baddigeststring')).status, 400)
  assert.ok([400, 404].includes((await ask(at('manifests/sha256:baddigeststring'))).status))
  assert.equal((await ask(at(`manifests/${digest(randomBytes(8))}`))).status, 404)
  assert.equal((await ask(at('manifests/missing-tag'))).status, 404)
})
