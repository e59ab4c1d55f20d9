import assert from 'node:assert/strict'
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { test } from 'node:test'
import { text } from '#storage/store.suite.ts'
import type { Acknowledged } from './write-until-killed.ts'
import { scratchStore } from './scratch-store.ts'

const rounds = 5

/** Starts a process that writes, kills it after `ms` of writing, and gives what it was told. */
async function writeAndKill(file: string, round: number, ms: number): Promise<Acknowledged[]> {
  const child = fork(new URL('./write-until-killed.ts', import.meta.url), [file, String(round)], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  })
  const acknowledged: Acknowledged[] = []
  const exited = once(child, 'exit')
  child.on('message', (batch: Acknowledged[]) => void acknowledged.push(...batch))
  await Promise.race([once(child, 'message'), exited])
  await sleep(ms)
  child.kill('SIGKILL')
  const [code, signal] = (await exited) as [number | null, string | null]
  assert.deepEqual({ code, signal }, { code: null, signal: 'SIGKILL' })
  return acknowledged
}

test(
  'file store has every acknowledged write after kill -9, and repeats no revision',
  { timeout: 60_000 },
  async (context) => {
    const place = await scratchStore()
    context.after(place.remove)
    const values = new Map<string, Acknowledged>()
    const revisions = new Map<number, string>()
    for (let round = 0; round < rounds; round++) {
      const acknowledged = await writeAndKill(place.file, round, 50 + 60 * round)
      assert.ok(acknowledged.length > 0)
      for (const write of acknowledged) {
        const other = revisions.get(write.revision)
        assert.equal(other, undefined, `revision ${write.revision} was given to ${other} too`)
        revisions.set(write.revision, write.key)
        values.set(write.key, write)
      }
      const store = await place.open()
      const newest = Math.max(...revisions.keys())
      assert.ok(store.revision >= newest, `${store.revision} is not below ${newest}`)
      for (const { key, revision, value } of values.values()) {
        const entry = store.get(key)
        assert.ok(entry !== undefined && entry.revision >= revision, `${key} lost its ${value}`)
        if (entry.revision === revision) assert.equal(text(entry.value), value)
      }
      await store.close()
    }
  },
)
