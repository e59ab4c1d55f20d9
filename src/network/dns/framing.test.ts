import assert from 'node:assert/strict'
import { test } from 'node:test'
import { frame, MessageReader } from './framing.ts'

test('MessageReader finds the same messages however the stream is cut', () => {
  const messages = ['one', '', 'three'.repeat(100)].map((text) => Buffer.from(text))
  const stream = Buffer.concat(messages.map(frame))
  for (const size of [1, 2, 3, 7, stream.length]) {
    const reader = new MessageReader()
    const found: Buffer[] = []
    for (let at = 0; at < stream.length; at += size)
      found.push(...reader.push(stream.subarray(at, at + size)))
    assert.deepEqual(found, messages)
  }
})

test('frame refuses what is longer than a length can say', () => {
  assert.throws(() => frame(Buffer.alloc(65_536)), RangeError)
})
