import assert from 'node:assert/strict'
import { test } from 'node:test'
import { packBatch, unpackBatch } from './packed-batch.ts'

test('unpackBatch gives what packBatch took, also empty values and deletes', () => {
  const change = (key: string, value: Uint8Array | null) => ({
    key,
    createRevision: 1,
    previousRevision: 0,
    value,
  })
  const writes = [
    { revision: 1, changes: [change('a', Uint8Array.of(1, 2)), change('b', null)] },
    { revision: 2, changes: [change('c', new Uint8Array(0)), change('d', Uint8Array.of(3))] },
  ]
  assert.deepEqual(unpackBatch(packBatch(writes)), writes)
})
