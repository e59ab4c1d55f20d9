// What every store must do, wherever it keeps its log. Run by the tests of each implementation.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CompactedError } from './types.ts'
import type { Operation, Store, StoreEvent } from './types.ts'

/** A place for a store that outlives it. */
export interface StorePlace {
  open(): Promise<Store>
  remove(): Promise<void>
}

const encoder = new TextEncoder()
const decoder = new TextDecoder()

export const text = (value: Uint8Array | undefined): string | undefined =>
  value === undefined ? undefined : decoder.decode(value)

export const put = (key: string, value: string, expect?: number): Operation => ({
  key,
  value: () => encoder.encode(value),
  ...(expect === undefined ? {} : { expect }),
})

export const remove = (key: string, expect?: number): Operation => ({
  key,
  value: null,
  ...(expect === undefined ? {} : { expect }),
})

/** Commits and gives the revision; fails the test on a mismatch. */
export async function commit(store: Store, ...operations: Operation[]): Promise<number> {
  const result = await store.commit(operations)
  assert.ok(result.ok, 'the commit was expected to find what it expects')
  return result.revision
}

/** "put a=1 @3 (created 2, before 0)" for each event: short to write and to compare. */
export function describeEvent(event: StoreEvent): string {
  const before = event.previous === undefined ? '' : `, before ${text(event.previous)}`
  return `${event.type} ${event.key}=${text(event.value)} @${event.revision} (created ${event.createRevision}${before})`
}

/** Collects what a watch delivers. */
export function collect(store: Store, prefix: string, after: number) {
  const events: string[] = []
  const progress: number[] = []
  const watch = store.watch(prefix, after, {
    events: (batch) => void events.push(...batch.map(describeEvent)),
    progress: (revision) => void progress.push(revision),
  })
  return { events, progress, close: () => watch.close() }
}

export function storeSuite(name: string, makePlace: () => Promise<StorePlace>): void {
  const check = (
    criterion: string,
    body: (store: Store, reopen: () => Promise<Store>) => Promise<void>,
  ) =>
    test(`${name} ${criterion}`, async () => {
      const place = await makePlace()
      let store = await place.open()
      try {
        await body(store, async () => {
          await store.close()
          store = await place.open()
          return store
        })
      } finally {
        await store.close()
        await place.remove()
      }
    })

  check('starts empty at revision 0 and gives its first write revision 1', async (store) => {
    assert.equal(store.revision, 0)
    assert.deepEqual(store.list(''), [])
    assert.equal(await commit(store, put('a', '1')), 1)
    assert.equal(store.revision, 1)
  })

  check('tells the value, its revision and that of its creation', async (store) => {
    await commit(store, put('a', '1'))
    await commit(store, put('b', '1'))
    await commit(store, put('a', '2'))
    const { value, ...rest } = store.get('a')!
    assert.equal(text(value), '2')
    assert.deepEqual(rest, { key: 'a', revision: 3, createRevision: 1 })
    assert.equal(store.get('c'), undefined)
  })

  check('makes a value with the revision it gets', async (store) => {
    await commit(store, put('a', 'x'))
    await commit(store, { key: 'b', value: (revision) => encoder.encode(`at ${revision}`) })
    assert.equal(text(store.get('b')?.value), 'at 2')
  })

  check('writes nothing when a key has not the revision expected', async (store) => {
    await commit(store, put('a', '1'))
    assert.deepEqual(await store.commit([put('b', '1', 0), put('a', '2', 7)]), {
      ok: false,
      key: 'a',
      actual: 1,
    })
    assert.deepEqual(await store.commit([put('a', '2', 0)]), { ok: false, key: 'a', actual: 1 })
    assert.deepEqual(await store.commit([remove('b', 1)]), { ok: false, key: 'b', actual: 0 })
    assert.equal(store.get('b'), undefined)
    assert.equal(store.revision, 1)
  })

  check('holds expect against what is accepted, before it is on disk', async (store) => {
    const first = store.commit([put('a', '1', 0)])
    assert.equal(text(store.getAccepted('a')?.value), '1')
    assert.equal(store.get('a'), undefined)
    const second = await store.commit([put('a', '2', 0)])
    assert.deepEqual(second, { ok: false, key: 'a', actual: 1 })
    assert.deepEqual(await first, { ok: true, revision: 1 })
    const third = store.commit([remove('a', 1)])
    assert.equal(store.getAccepted('a'), undefined)
    assert.equal(text(store.get('a')?.value), '1')
    await third
    assert.equal(store.get('a'), undefined)
  })

  check('gives one revision to all operations of a commit', async (store) => {
    const watch = collect(store, '', 0)
    await commit(store, put('b', '1'), put('a', '1'))
    assert.deepEqual(watch.events, ['put a=1 @1 (created 1)', 'put b=1 @1 (created 1)'])
  })

  check('spends no revision on deleting what is not there', async (store) => {
    await commit(store, put('a', '1'))
    assert.equal(await commit(store, remove('b')), 1)
    assert.equal(await commit(store, put('a', '2')), 2)
  })

  check('lists by prefix in key order, from a key on and up to a limit', async (store) => {
    await commit(store, ...['p/c', 'p/a', 'q/a', 'p/b', 'o/z'].map((key) => put(key, key)))
    const keys = (options?: { after?: string; limit?: number }) =>
      store.list('p/', options).map(({ key }) => key)
    assert.deepEqual(keys(), ['p/a', 'p/b', 'p/c'])
    assert.deepEqual(keys({ after: 'p/a' }), ['p/b', 'p/c'])
    assert.deepEqual(keys({ after: 'p/a', limit: 1 }), ['p/b'])
    assert.deepEqual(keys({ after: 'p/c' }), [])
    assert.equal(store.count('p/'), 3)
    assert.equal(store.count(''), 5)
    assert.equal(store.count('x'), 0)
  })

  check('watches a prefix from a revision in the past into the future', async (store) => {
    await commit(store, put('p/a', '1'))
    await commit(store, put('q/a', '1'))
    await commit(store, put('p/a', '2'))
    const watch = collect(store, 'p/', 1)
    assert.deepEqual(watch.events, ['put p/a=2 @3 (created 1, before 1)'])
    await commit(store, remove('p/a'))
    await commit(store, put('q/a', '2'))
    watch.close()
    await commit(store, put('p/a', '3'))
    assert.deepEqual(watch.events, [
      'put p/a=2 @3 (created 1, before 1)',
      'delete p/a=2 @4 (created 1, before 2)',
    ])
    assert.deepEqual(watch.progress, [3, 4, 5])
  })

  check('has a write visible and delivered when its commit resolves, not before', async (store) => {
    const watch = collect(store, '', 0)
    const done = store.commit([put('a', '1')])
    assert.deepEqual(watch.events, [])
    assert.equal(store.revision, 0)
    await done
    assert.equal(watch.events.length, 1)
    assert.equal(text(store.get('a')?.value), '1')
  })

  check(
    'resumes watches and goes on with revisions after it is opened again',
    async (store, reopen) => {
      await commit(store, put('a', '1'), put('b', '1'))
      await commit(store, put('a', '2'))
      await commit(store, remove('b'))
      const again = await reopen()
      assert.equal(again.revision, 3)
      const { value, ...rest } = again.get('a')!
      assert.equal(text(value), '2')
      assert.deepEqual(rest, { key: 'a', revision: 2, createRevision: 1 })
      assert.equal(again.get('b'), undefined)
      assert.deepEqual(collect(again, '', 1).events, [
        'put a=2 @2 (created 1, before 1)',
        'delete b=1 @3 (created 1, before 1)',
      ])
      assert.equal(await commit(again, put('c', '1')), 4)
    },
  )

  check(
    'forgets history up to a compaction but no value, also when reopened',
    async (store, reopen) => {
      await commit(store, put('a', '1'), put('b', '1'))
      await commit(store, put('a', '2'))
      await commit(store, put('a', '3'), remove('b'))
      await store.compact(2)
      const seen = (of: Store) => {
        assert.throws(() => collect(of, '', 1), new CompactedError(2))
        return collect(of, '', 2).events
      }
      const expected = ['put a=3 @3 (created 1, before 2)', 'delete b=1 @3 (created 1, before 1)']
      assert.deepEqual(seen(store), expected)
      const again = await reopen()
      assert.deepEqual(seen(again), expected)
      assert.equal(text(again.get('a')?.value), '3')
    },
  )

  check('repeats no revision after its newest one was compacted away', async (store, reopen) => {
    await commit(store, put('a', '1'))
    await commit(store, remove('a'))
    await store.compact(2)
    const again = await reopen()
    assert.equal(again.revision, 2)
    assert.equal(again.count(''), 0)
    assert.equal(await commit(again, put('a', '2')), 3)
  })

  check('refuses to compact the future and takes the past twice', async (store) => {
    await commit(store, put('a', '1'))
    await assert.rejects(store.compact(2), RangeError)
    await store.compact(1)
    await store.compact(1)
    assert.equal(text(store.get('a')?.value), '1')
  })

  check('refuses commits after close, which waits for those before', async (store, reopen) => {
    const last = store.commit([put('a', '1')])
    const again = await reopen()
    assert.deepEqual(await last, { ok: true, revision: 1 })
    await assert.rejects(store.commit([put('a', '2')]), /closed/)
    assert.equal(text(again.get('a')?.value), '1')
  })

  check('refuses a commit that names a key twice', async (store) => {
    await assert.rejects(store.commit([put('a', '1'), remove('a')]), TypeError)
  })
}
