import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { decodeMessage, encodeMessage, type MessageEncoding } from './message-codec.ts'

const channels: Record<MessageEncoding, number> = { binary: 255, base64: 9 }

for (const encoding of ['binary', 'base64'] as const)
  test(`a ${encoding} message comes back as it was`, () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: channels[encoding] }),
        fc.uint8Array({ maxLength: 300 }),
        (channel, bytes) => {
          const data = Buffer.from(bytes)
          const message = encodeMessage({ channel, data }, encoding)
          assert.equal(typeof message, encoding === 'base64' ? 'string' : 'object')
          assert.deepEqual(decodeMessage(Buffer.from(message), encoding), { channel, data })
        },
      ),
    )
  })

test('decodeMessage knows what is no message', () => {
  assert.equal(decodeMessage(Buffer.alloc(0), 'binary'), undefined)
  assert.equal(decodeMessage(Buffer.from(''), 'base64'), undefined)
  assert.equal(decodeMessage(Buffer.from('xYQ=='), 'base64'), undefined)
  assert.equal(decodeMessage(Buffer.from('1Y Q'), 'base64'), undefined)
  assert.deepEqual(decodeMessage(Buffer.from('1'), 'base64'), { channel: 1, data: Buffer.alloc(0) })
})
