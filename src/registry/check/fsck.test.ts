import assert from 'node:assert/strict'
import { test } from 'node:test'
import { silentLogger } from '#base/log.ts'
import { digestOf } from '../digest.ts'
import { memoryRegistry, type MemoryRegistry } from '../memory-registry.ts'
import { registryLimits } from '../registry-limits.ts'
import type { FsckReport } from './fsck.ts'
import { scrub } from './scrubber.ts'

const content = 'the right bytes'
const digest = digestOf(Buffer.from(content))

/** Writes other bytes where the blob's are, as a bad disk does. */
async function rot({ metadata, store }: MemoryRegistry, bytes: string) {
  const { objectKey } = metadata.blobs.find(digest)!
  await store.remove(objectKey)
  const writer = await store.append(objectKey, 0)
  await writer.write(Buffer.from(bytes))
  await writer.close({ durable: true })
}

async function checked(registry: MemoryRegistry, query = '') {
  const { status, bytes } = await registry.call({ method: 'POST', url: `/ccs/v1/fsck${query}` })
  assert.equal(status, 200)
  return JSON.parse(bytes.toString()) as FsckReport
}

const blob = (registry: MemoryRegistry, method = 'GET') =>
  registry.call({ method, url: `/v2/p/r/blobs/${digest}` })

test('a registry that is well is told so', async () => {
  const registry = memoryRegistry()
  await registry.pushBlob('p/r', content)
  const { problems, ...counts } = await checked(registry, '?deep=true')
  assert.deepEqual(problems, [])
  assert.deepEqual(counts, {
    blobs: 1,
    bytes: content.length,
    manifests: 0,
    files: 1,
    problemCount: 0,
  })
})

test('wrong bytes are found by reading them, served to nobody, and healed by a push', async () => {
  const registry = memoryRegistry()
  await registry.pushBlob('p/r', content)
  await rot(registry, 'the wrong bytes')
  assert.equal((await checked(registry)).problemCount, 0, 'sizes alone do not tell')
  const only = await checked(registry, '?deep=true')
  assert.deepEqual(only.problems, [
    { what: 'blob', name: digest, problem: 'its bytes are other ones', repaired: false },
  ])
  await checked(registry, '?deep=true&repair=true')
  const read = await blob(registry)
  assert.equal(read.status, 500)
  assert.match(read.bytes.toString(), /damaged: push it again/)
  assert.equal((await blob(registry, 'HEAD')).status, 404)
  const mount = `/v2/p/other/blobs/uploads/?mount=${digest}&from=p/r`
  assert.equal((await registry.call({ method: 'POST', url: mount })).status, 202)

  await registry.pushBlob('p/r', content)
  assert.equal((await blob(registry)).bytes.toString(), content)
  assert.equal((await checked(registry, '?deep=true')).problemCount, 0)
  assert.equal((await registry.objects()).length, 1, 'the wrong bytes are gone')
})

test('bytes that are gone or too few are found without reading', async () => {
  const registry = memoryRegistry()
  await registry.pushBlob('p/r', content)
  await rot(registry, 'short')
  assert.match((await checked(registry)).problems[0]!.problem, /5 bytes instead of 15/)
  await registry.store.remove(registry.metadata.blobs.find(digest)!.objectKey)
  assert.match((await checked(registry)).problems[0]!.problem, /its bytes are gone/)
})

test('files that nothing names are found, and removed by a repair', async () => {
  const registry = memoryRegistry()
  const writer = await registry.store.append('f'.repeat(32), 0)
  await writer.close({ durable: true })
  assert.equal((await checked(registry)).problems[0]!.what, 'file')
  assert.equal((await registry.objects()).length, 1)
  await checked(registry, '?repair=true')
  assert.deepEqual(await registry.objects(), [])
})

test('a count that drifted is found, and set right by a repair', async () => {
  const registry = memoryRegistry()
  await registry.pushBlob('p/r', content)
  registry.metadata.projectUsage.set('p', 7)
  assert.match((await checked(registry)).problems[0]!.problem, /7 bytes are counted, 15 are used/)
  await checked(registry, '?repair=true')
  assert.equal(registry.metadata.projectUsage.bytesOf('p'), 15)
})

test('the scrub reads each blob once in its time, and takes out of use what rotted', async () => {
  const registry = memoryRegistry()
  await registry.pushBlob('p/r', content)
  const options = { ...registry, log: silentLogger }
  assert.equal(await scrub(options), 0, 'its bytes were hashed when they came')
  await registry.clock.advance(registryLimits.scrubEveryMs + 1)
  assert.equal(await scrub(options), 1)
  assert.equal(await scrub(options), 0)
  await rot(registry, 'the wrong bytes')
  await registry.clock.advance(registryLimits.scrubEveryMs + 1)
  await scrub(options)
  assert.equal((await blob(registry)).status, 500)
})

test('a disk that cannot be read just now damages nothing', async () => {
  const registry = memoryRegistry()
  await registry.pushBlob('p/r', content)
  await registry.clock.advance(registryLimits.scrubEveryMs + 1)
  const store = { ...registry.store, size: () => Promise.reject(new Error('EIO')) }
  await assert.rejects(scrub({ ...registry, store, log: silentLogger }), /EIO/)
  assert.equal((await blob(registry)).status, 200)
})
