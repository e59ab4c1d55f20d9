// Uploads against a real process: cut, killed without warning, and gone on with.
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { readdir, rm, stat } from 'node:fs/promises'
import http from 'node:http'
import path from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { after, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { digestOf } from '#registry/digest.ts'
import { basic, makeDataDir, type RunningRegistry, startRegistry } from './start-registry.ts'

const timeout = 30_000
const MIB = 1024 * 1024
const dataDirs: string[] = []

after(() => Promise.all(dataDirs.map((dir) => rm(dir, { recursive: true, force: true }))))

async function newDataDir() {
  const dataDir = await makeDataDir()
  dataDirs.push(dataDir)
  return dataDir
}

interface Call {
  method?: string
  path: string
  body?: Uint8Array
  headers?: Record<string, string>
}

const call = ({ host }: RunningRegistry, { method = 'GET', path: at, body, headers }: Call) =>
  fetch(`http://${host}${at}`, {
    method,
    headers: { authorization: basic('admin'), ...headers },
    ...(body !== undefined && { body: Buffer.from(body) }),
  })

async function begin(registry: RunningRegistry) {
  const { headers } = await call(registry, { method: 'POST', path: '/v2/p/r/blobs/uploads/' })
  return headers.get('location')!
}

async function received(registry: RunningRegistry, location: string) {
  const { status, headers } = await call(registry, { path: location })
  assert.equal(status, 204)
  return Number(/^0-(\d+)$/.exec(headers.get('range')!)![1]) + 1
}

/** Starts a PATCH that sends `bytes` of the many it announces, and leaves it open. */
function openPatch({ port }: RunningRegistry, location: string, bytes: Buffer) {
  const request = http.request({
    port,
    host: '127.0.0.1',
    method: 'PATCH',
    path: location,
    headers: { authorization: basic('admin'), 'content-length': 1024 * MIB },
  })
  request.on('error', () => undefined)
  request.write(bytes)
  return request
}

async function objectFiles(dataDir: string) {
  const root = path.join(dataDir, 'registry/blobs')
  const files = await readdir(root, { recursive: true, withFileTypes: true })
  return files.filter((file) => file.isFile()).map((file) => path.join(file.parentPath, file.name))
}

async function bytesOnDisk(dataDir: string) {
  const sizes = await Promise.all(
    (await objectFiles(dataDir)).map(async (file) => (await stat(file)).size),
  )
  return sizes.reduce((sum, size) => sum + size, 0)
}

/** Object keys named by rows, for a registry that is not running. */
function knownKeys(dataDir: string) {
  const db = new DatabaseSync(path.join(dataDir, 'registry/meta.db'))
  try {
    const rows = db
      .prepare(
        `SELECT object_key AS key FROM blob UNION ALL SELECT object_key FROM upload
         UNION ALL SELECT object_key FROM doomed_object`,
      )
      .all() as { key: string }[]
    return rows.map(({ key }) => key)
  } finally {
    db.close()
  }
}

async function assertNoOrphans(dataDir: string) {
  const known = new Set(knownKeys(dataDir))
  for (const file of await objectFiles(dataDir))
    assert.ok(known.has(path.basename(file)), `${file} belongs to nothing`)
}

async function until(condition: () => Promise<boolean>) {
  for (let tries = 0; !(await condition()); tries++) {
    if (tries > 200) throw new Error('it never happened')
    await sleep(25)
  }
}

test('an upload killed with the registry goes on at the exact byte', { timeout }, async () => {
  const dataDir = await newDataDir()
  const bytes = randomBytes(8 * MIB)
  const first = await startRegistry(dataDir)
  const location = await begin(first)
  const request = openPatch(first, location, bytes.subarray(0, 5 * MIB))
  await until(async () => (await bytesOnDisk(dataDir)) >= 4 * MIB)
  await first.stop('SIGKILL')
  request.destroy()
  await assertNoOrphans(dataDir)

  const second = await startRegistry(dataDir)
  const offset = await received(second, location)
  assert.equal(offset, await bytesOnDisk(dataDir))
  assert.ok(offset >= 4 * MIB && offset <= 5 * MIB, `goes on at ${offset}`)
  const digest = digestOf(bytes)
  const put = await call(second, {
    method: 'PUT',
    path: `${location}?digest=${digest}`,
    body: bytes.subarray(offset),
    headers: { 'content-range': `${offset}-${bytes.length - 1}` },
  })
  assert.equal(put.status, 201)
  const got = await call(second, { path: `/v2/p/r/blobs/${digest}` })
  assert.ok(Buffer.from(await got.arrayBuffer()).equals(bytes))
  await second.stop()
  await assertNoOrphans(dataDir)
})

test('uploads killed at any moment leave no file that nobody knows', { timeout }, async () => {
  const dataDir = await newDataDir()
  for (let round = 0; round < 6; round++) {
    const registry = await startRegistry(dataDir)
    const push = async () => {
      for (;;) {
        const body = randomBytes(300_000)
        const at = `/v2/p/r/blobs/uploads/?digest=${digestOf(body)}`
        const { status } = await call(registry, { method: 'POST', path: at, body })
        assert.equal(status, 201)
      }
    }
    const pushes = Promise.allSettled([push(), push(), push()])
    await sleep(40 + round * 23)
    await registry.stop('SIGKILL')
    for (const result of await pushes)
      assert.match(String((result as PromiseRejectedResult).reason), /fetch failed|terminated/)
    await assertNoOrphans(dataDir)
  }
  const registry = await startRegistry(dataDir)
  await registry.stop()
  await assertNoOrphans(dataDir)
})

test('every blob acknowledged before a kill is whole after it', { timeout }, async () => {
  const dataDir = await newDataDir()
  const first = await startRegistry(dataDir)
  const acknowledged = new Map<string, Buffer>()
  const push = async () => {
    for (;;) {
      const body = randomBytes(100_000)
      const digest = digestOf(body)
      const at = `/v2/p/r/blobs/uploads/?digest=${digest}`
      const { status } = await call(first, { method: 'POST', path: at, body })
      if (status === 201) acknowledged.set(digest, body)
    }
  }
  const pushes = Promise.allSettled([push(), push()])
  await until(async () => acknowledged.size >= 20)
  await first.stop('SIGKILL')
  await pushes
  const second = await startRegistry(dataDir)
  for (const [digest, body] of acknowledged) {
    const got = await call(second, { path: `/v2/p/r/blobs/${digest}` })
    assert.ok(Buffer.from(await got.arrayBuffer()).equals(body), digest)
  }
  await second.stop()
})

test('a client that leaves in the middle of a POST leaves nothing', { timeout }, async () => {
  const dataDir = await newDataDir()
  const registry = await startRegistry(dataDir)
  const bytes = randomBytes(3 * MIB)
  const at = `/v2/p/r/blobs/uploads/?digest=${digestOf(bytes)}`
  const request = http.request({
    port: registry.port,
    host: '127.0.0.1',
    method: 'POST',
    path: at,
    headers: { authorization: basic('admin'), 'content-length': bytes.length },
  })
  request.on('error', () => undefined)
  request.write(bytes.subarray(0, 2 * MIB))
  await until(async () => (await bytesOnDisk(dataDir)) >= MIB)
  request.destroy()
  await until(async () => (await objectFiles(dataDir)).length === 0)
  await registry.stop()
  assert.deepEqual(knownKeys(dataDir), [])
})

test(
  'a client that leaves in the middle of a PATCH goes on where it was',
  { timeout },
  async () => {
    const dataDir = await newDataDir()
    const registry = await startRegistry(dataDir)
    const bytes = randomBytes(3 * MIB)
    const location = await begin(registry)
    const request = openPatch(registry, location, bytes.subarray(0, 2 * MIB))
    await until(async () => (await received(registry, location)) === 2 * MIB)
    request.destroy()
    const digest = digestOf(bytes)
    let status = 0
    // The registry may notice the broken connection a moment later; until then it says 409.
    await until(async () => {
      const put = await call(registry, {
        method: 'PUT',
        path: `${location}?digest=${digest}`,
        body: bytes.subarray(2 * MIB),
        headers: { 'content-range': `${2 * MIB}-${3 * MIB - 1}` },
      })
      status = put.status
      return status !== 409
    })
    assert.equal(status, 201)
    await registry.stop()
  },
)

test('a second registry on the same data directory is refused', { timeout }, async () => {
  const dataDir = await newDataDir()
  const registry = await startRegistry(dataDir)
  await assert.rejects(startRegistry(dataDir), /the registry ended with 1/)
  await registry.stop()
})
