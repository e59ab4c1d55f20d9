import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { digestOf } from './digest.ts'
import { RequestCut } from './http-message.ts'
import { memoryRegistry } from './memory-registry.ts'

type Step = { type: 'chunk' | 'cut'; bytes: Uint8Array } | { type: 'restart' } | { type: 'gap' }

const bytes = fc.uint8Array({ maxLength: 40 })
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ type: fc.constantFrom('chunk' as const, 'cut' as const), bytes }),
  fc.record({ type: fc.constant('restart' as const) }),
  fc.record({ type: fc.constant('gap' as const) }),
)

async function* cutAfter(sent: Uint8Array): AsyncGenerator<Uint8Array> {
  yield sent
  throw new RequestCut('gone')
}

test('an upload holds the bytes sent, whatever happens between them', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 12 }), bytes, async (steps, last) => {
      const registry = memoryRegistry()
      const started = await registry.call({ method: 'POST', url: '/v2/p/r/blobs/uploads/' })
      const location = started.headers['Location']!
      let sent = Buffer.alloc(0)
      for (const next of steps) {
        if (next.type === 'restart') registry.restart()
        else if (next.type === 'gap') {
          const at = sent.length + 1
          const headers = { 'content-range': `${at}-${at}` }
          const answer = await registry.call({ method: 'PATCH', url: location, headers, body: 'x' })
          assert.equal(answer.status, 416)
        } else {
          const body = next.type === 'cut' ? cutAfter(next.bytes) : next.bytes
          await registry.call({ method: 'PATCH', url: location, body })
          sent = Buffer.concat([sent, next.bytes])
        }
      }
      const content = Buffer.concat([sent, last])
      const digest = digestOf(content)
      const url = `${location}?digest=${digest}`
      assert.equal((await registry.call({ method: 'PUT', url, body: last })).status, 201)
      const got = await registry.call({ url: `/v2/p/r/blobs/${digest}` })
      assert.ok(got.bytes.equals(content))
      assert.equal((await registry.objects()).length, 1)
    }),
    { numRuns: 60 },
  )
})
