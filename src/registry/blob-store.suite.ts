// What every blob store must do.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { BlobStore } from './blob-store.ts'

const KEY = '0123456789abcdef0123456789abcdef'

async function textOf(store: BlobStore, part: { start: number; endExclusive: number }) {
  let text = ''
  for await (const chunk of store.read(KEY, part)) text += Buffer.from(chunk).toString('latin1')
  return text
}

async function put(store: BlobStore, text: string, offset = 0) {
  const writer = await store.append(KEY, offset)
  await writer.write(Buffer.from(text))
  await writer.close({ durable: true })
}

export function blobStoreSuite(name: string, open: () => Promise<BlobStore>): void {
  test(`${name} gives back what was written, whole and in part`, async () => {
    const store = await open()
    assert.equal(await textOf(store, { start: 0, endExclusive: 0 }), '')
    await put(store, 'hello world')
    assert.equal(await store.size(KEY), 11)
    assert.equal(await textOf(store, { start: 0, endExclusive: 11 }), 'hello world')
    assert.equal(await textOf(store, { start: 4, endExclusive: 7 }), 'o w')
    assert.equal(await textOf(store, { start: 3, endExclusive: 3 }), '')
  })

  test(`${name} keeps large objects in order over many chunks`, async () => {
    const store = await open()
    const writer = await store.append(KEY, 0)
    const parts: string[] = []
    for (let i = 0; i < 60; i++) {
      parts.push(String.fromCodePoint(97 + (i % 26)).repeat(65_537))
      await writer.write(Buffer.from(parts.at(-1)!))
    }
    assert.equal(writer.size, 60 * 65_537)
    await writer.close({ durable: false })
    const whole = parts.join('')
    assert.equal(await textOf(store, { start: 0, endExclusive: whole.length }), whole)
    assert.equal(
      await textOf(store, { start: 1_048_570, endExclusive: 3_200_001 }),
      whole.slice(1_048_570, 3_200_001),
    )
  })

  test(`${name} goes on at an offset and drops what lies behind it`, async () => {
    const store = await open()
    await put(store, 'hello world')
    await put(store, 'there', 6)
    assert.equal(await textOf(store, { start: 0, endExclusive: 11 }), 'hello there')
    await put(store, '', 5)
    assert.equal(await store.size(KEY), 5)
  })

  test(`${name} refuses to leave a hole`, async () => {
    const store = await open()
    await put(store, 'abc')
    await assert.rejects(store.append(KEY, 4), /cannot go on at 4/)
  })

  test(`${name} takes back what an aborted writer wrote`, async () => {
    const store = await open()
    await put(store, 'kept')
    const writer = await store.append(KEY, 4)
    for (let i = 0; i < 40; i++) await writer.write(Buffer.alloc(65_536))
    await writer.abort()
    assert.equal(await store.size(KEY), 4)
    assert.equal(await textOf(store, { start: 0, endExclusive: 4 }), 'kept')
  })

  test(`${name} removes objects, also those that are gone already`, async () => {
    const store = await open()
    await put(store, 'abc')
    await store.remove(KEY)
    await store.remove(KEY)
    assert.equal(await store.size(KEY), undefined)
    for await (const key of store.keys()) assert.fail(`${key} is still there`)
  })

  test(`${name} lists its keys, empty objects too`, async () => {
    const store = await open()
    const writer = await store.append(KEY, 0)
    await writer.close({ durable: true })
    const keys: string[] = []
    for await (const key of store.keys()) keys.push(key)
    assert.deepEqual(keys, [KEY])
    assert.equal(await store.size(KEY), 0)
  })

  test(`${name} survives a reader that leaves early`, async () => {
    const store = await open()
    await put(store, 'x'.repeat(5_000_000))
    for await (const chunk of store.read(KEY, { start: 0, endExclusive: 5_000_000 })) {
      assert.ok(chunk.length > 0)
      break
    }
    await store.remove(KEY)
  })
}
