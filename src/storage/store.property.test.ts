import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Committer } from './committer.ts'
import { MemoryLog } from './memory-log.ts'
import { openMemoryStore } from './open-memory-store.ts'
import { put, remove, text } from './store.suite.ts'
import { CompactedError } from './types.ts'
import type { Operation, Store, StoreEvent } from './types.ts'

/** The plainest store there is: a map, and the list of all that happened. */
class Model {
  values = new Map<string, { value: string; revision: number }>()
  events: { type: string; key: string; value: string; revision: number }[] = []
  revision = 0
  compacted = 0

  expects(key: string): number {
    return this.values.get(key)?.revision ?? 0
  }

  apply(changes: [key: string, value: string | null][]): void {
    const real = changes.filter(([key, value]) => value !== null || this.values.has(key))
    if (real.length === 0) return
    this.revision++
    for (const [key, value] of real.toSorted(([a], [b]) => (a < b ? -1 : 1))) {
      const before = this.values.get(key)?.value ?? ''
      if (value === null) this.values.delete(key)
      else this.values.set(key, { value, revision: this.revision })
      const type = value === null ? 'delete' : 'put'
      this.events.push({ type, key, value: value ?? before, revision: this.revision })
    }
  }
}

const keyArbitrary = fc.constantFrom('a', 'a/b', 'a/b/c', 'ab', 'b', 'b/a', 'c')

const stepArbitrary = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      step: fc.constant('commit' as const),
      changes: fc.uniqueArray(
        fc.record({
          key: keyArbitrary,
          value: fc.option(fc.string({ maxLength: 3 })),
          expect: fc.constantFrom('right', 'wrong', 'none'),
        }),
        { minLength: 1, maxLength: 3, selector: ({ key }) => key },
      ),
      refused: fc.boolean(),
    }),
  },
  { weight: 2, arbitrary: fc.record({ step: fc.constant('watch' as const), back: fc.nat(8) }) },
  { weight: 1, arbitrary: fc.record({ step: fc.constant('compact' as const), back: fc.nat(5) }) },
  { weight: 1, arbitrary: fc.record({ step: fc.constant('reopen' as const) }) },
)

type Step = typeof stepArbitrary extends fc.Arbitrary<infer S> ? S : never

/** Runs one store through the steps beside the model. */
class Run {
  readonly model = new Model()
  readonly disk = new MemoryLog()
  refuse = false
  store: Store
  watches: { prefix: string; after: number; events: StoreEvent[] }[] = []

  constructor() {
    this.store = this.open()
  }

  open(): Store {
    const committer = (disk: Committer): Committer => ({
      commit: (writes) =>
        this.refuse ? Promise.reject(new Error('refused')) : disk.commit(writes),
      compact: (revision) => disk.compact(revision),
      backup: (path) => disk.backup(path),
      close: () => disk.close(),
    })
    return openMemoryStore({ disk: this.disk, committer })
  }

  async take(step: Step): Promise<void> {
    switch (step.step) {
      case 'commit':
        return this.commit(step)
      case 'watch':
        return this.watch('a', Math.max(0, this.model.revision - step.back))
      case 'compact': {
        const revision = Math.max(0, this.model.revision - step.back)
        await this.store.compact(revision)
        this.model.compacted = Math.max(this.model.compacted, revision)
        return
      }
      case 'reopen':
        await this.store.close()
        this.checkWatches()
        this.watches = []
        this.store = this.open()
    }
  }

  async commit({ changes, refused }: Extract<Step, { step: 'commit' }>): Promise<void> {
    const operations = changes.map(({ key, value, expect }): Operation => {
      const right = this.model.expects(key)
      const wanted = { right, wrong: right + 1, none: undefined }[expect]
      return value === null ? remove(key, wanted) : put(key, value, wanted)
    })
    const wrong = changes.find(({ expect }) => expect === 'wrong')
    this.refuse = refused
    const result = await this.store.commit(operations).catch(() => 'refused' as const)
    if (wrong !== undefined) {
      const actual = this.model.expects(wrong.key)
      assert.deepEqual(result, { ok: false, key: wrong.key, actual })
      return
    }
    const isEmpty = changes.every(({ key, value }) => value === null && !this.model.values.has(key))
    if (refused && !isEmpty) {
      assert.equal(result, 'refused')
      return
    }
    this.model.apply(changes.map(({ key, value }) => [key, value]))
    assert.deepEqual(result, { ok: true, revision: this.model.revision })
  }

  watch(prefix: string, after: number): void {
    const events: StoreEvent[] = []
    const start = () =>
      this.store.watch(prefix, after, { events: (batch) => void events.push(...batch) })
    if (after < this.model.compacted) {
      assert.throws(start, CompactedError)
      return
    }
    start()
    this.watches.push({ prefix, after, events })
  }

  checkValues(): void {
    const expected = [...this.model.values]
      .map(([key, { value, revision }]) => ({ key, value, revision }))
      .toSorted((a, b) => (a.key < b.key ? -1 : 1))
    const plain = (prefix: string) =>
      this.store
        .list(prefix)
        .map(({ key, value, revision }) => ({ key, value: text(value), revision }))
    assert.deepEqual(plain(''), expected)
    assert.deepEqual(
      plain('a/'),
      expected.filter(({ key }) => key.startsWith('a/')),
    )
    assert.equal(this.store.count('a'), expected.filter(({ key }) => key.startsWith('a')).length)
    assert.equal(this.store.revision, this.model.revision)
  }

  checkWatches(): void {
    for (const { prefix, after, events } of this.watches)
      assert.deepEqual(
        events.map(({ type, key, value, revision }) => ({
          type,
          key,
          value: text(value),
          revision,
        })),
        this.model.events.filter(({ key, revision }) => key.startsWith(prefix) && revision > after),
      )
  }
}

test('store does what a map with a list of events does, whatever is refused or reopened', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(stepArbitrary, { maxLength: 40 }), async (steps) => {
      const run = new Run()
      for (const step of steps) {
        await run.take(step)
        run.checkValues()
        run.checkWatches()
      }
    }),
    { numRuns: 100 },
  )
})
