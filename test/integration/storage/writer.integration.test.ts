import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Worker } from 'node:worker_threads'
import { silentLogger } from '#base/log.ts'
import { openStore } from '#storage/open-store.ts'
import { commit, put, text } from '#storage/store.suite.ts'
import { startWriterThread, WriterPool } from '#storage/writer-pool.ts'
import { scratchStore } from './scratch-store.ts'

/** Opens an empty store and dies at the first commit. */
const mortal = () =>
  new Worker(
    `const { parentPort } = require('node:worker_threads')
     const answers = {
       open: { revision: 0, compacted: 0 },
       read: { keys: [], figures: new Float64Array(0), bytes: new Uint8Array(0) },
     }
     parentPort.on('message', ({ id, task }) => {
       if (answers[task.type] === undefined) throw new Error('out of memory')
       parentPort.postMessage({ id, ok: true, answer: answers[task.type] })
     })`,
    { eval: true },
  )

test('stores hear once that their thread died and refuse all that waits or comes', async () => {
  const lost: string[] = []
  const pool = new WriterPool({ threads: 1, start: mortal })
  const open = (name: string) =>
    openStore({
      path: name,
      log: silentLogger,
      pool,
      onLost: ({ message }) => void lost.push(`${name}: ${message}`),
    })
  const [first, second] = [await open('first'), await open('second')]
  const refused = /the thread that writes the store died.*out of memory/
  await assert.rejects(first.commit([put('a', '1')]), refused)
  await assert.rejects(first.commit([put('a', '1')]), refused)
  await assert.rejects(second.commit([put('a', '1')]), refused)
  assert.deepEqual(
    lost.map((line) => line.slice(0, 20)),
    ['first: the thread th', 'second: the thread t'],
  )
})

test('many stores share a few threads, and the last one that is closed ends them', async (context) => {
  let started = 0
  const ended: number[] = []
  const pool = new WriterPool({
    threads: 2,
    start: () => {
      const number = started++
      return startWriterThread().once('exit', () => ended.push(number))
    },
  })
  const places = await Promise.all(Array.from({ length: 9 }, scratchStore))
  for (const place of places) context.after(place.remove)
  const stores = await Promise.all(places.map((place) => place.open({ pool })))
  assert.equal(started, 2)
  await Promise.all(stores.map((store, i) => commit(store, put('a', String(i)))))
  for (const [i, store] of stores.entries()) assert.equal(text(store.get('a')?.value), String(i))
  await Promise.all(stores.slice(1).map((store) => store.close()))
  assert.equal(ended.length, 1)
  assert.equal(await commit(stores[0]!, put('b', '1')), 2)
  await stores[0]!.close()
  assert.equal(ended.length, 2)
  for (const place of places) await (await place.open()).close()
})
