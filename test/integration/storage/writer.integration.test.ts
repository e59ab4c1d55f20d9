import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Worker } from 'node:worker_threads'
import { silentLogger } from '#base/log.ts'
import { RevisionStore } from '#storage/revision-store.ts'
import { put } from '#storage/store.suite.ts'
import { startWriterThread, Writer } from '#storage/writer.ts'
import { scratchStore } from './scratch-store.ts'

const empty = { revision: 0, compacted: 0, writes: [] }

test('Writer tells once that its thread died and refuses all that waits or comes', async () => {
  const lost: string[] = []
  // Answers "open" and dies at the next request.
  const worker = new Worker(
    `const { parentPort } = require('node:worker_threads')
     parentPort.once('message', ({ id }) => {
       parentPort.postMessage({ id, ok: true, more: false })
       parentPort.once('message', () => { throw new Error('out of memory') })
     })`,
    { eval: true },
  )
  const committer = await Writer.start({ worker, onLost: ({ message }) => void lost.push(message) })
  const store = new RevisionStore({ committer, content: empty, log: silentLogger })
  const refused = /the thread that writes the store died.*out of memory/
  await assert.rejects(store.commit([put('a', '1')]), refused)
  await assert.rejects(store.commit([put('a', '1')]), refused)
  assert.equal(lost.length, 1)
  await store.close()
})

test('Writer does not open a file that has grown since it was loaded', async (context) => {
  const place = await scratchStore()
  context.after(place.remove)
  const stale = startWriterThread({ path: place.file, revision: 7 })
  await assert.rejects(
    Writer.start({ worker: stale, onLost: assert.fail }),
    /was written by another process/,
  )
  await (await place.open()).close()
})
