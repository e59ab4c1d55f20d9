import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { jsonLines } from './json-lines.ts'

async function* chunked(bytes: Buffer, sizes: readonly number[]): AsyncIterable<Uint8Array> {
  let at = 0
  for (let i = 0; at < bytes.length; i++) {
    const size = sizes.length > 0 ? sizes[i % sizes.length]! : bytes.length
    yield bytes.subarray(at, (at += size))
  }
}

async function read(text: string, sizes: readonly number[], max = 1000): Promise<unknown[]> {
  return Array.fromAsync(jsonLines(chunked(Buffer.from(text), sizes), max))
}

test('jsonLines gives the same documents however the stream is cut', async () => {
  const documents = fc.array(
    fc.record({ a: fc.string({ unit: 'grapheme' }), b: fc.integer() }, { noNullPrototype: true }),
  )
  const sizes = fc.array(fc.integer({ min: 1, max: 20 }), { maxLength: 5 })
  await fc.assert(
    fc.asyncProperty(documents, sizes, async (wanted, cuts) => {
      const text = wanted.map((document) => `${JSON.stringify(document)}\n`).join('')
      assert.deepEqual(await read(text, cuts), wanted)
    }),
  )
})

test('jsonLines gives each document as soon as its line is complete', async () => {
  async function* slow() {
    yield Buffer.from('{"n":1}\n{"n"')
    throw new Error('the second line never ends')
  }
  const lines = jsonLines(slow(), 1000)
  assert.deepEqual((await lines.next()).value, { n: 1 })
})

test('jsonLines fails on a line that is too long', async () => {
  await assert.rejects(read(`"${'x'.repeat(50)}"`, [10], 30), /longer than 30 bytes/)
})

test('jsonLines fails when the stream ends in the middle of a document', async () => {
  await assert.rejects(read('{"a":1}\n{"b"', []), /ended in the middle/)
})
