import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { KubeObject } from '#kinds/object.ts'
import { InformerCache } from './informer-cache.ts'

const object = (name: string, version: number, uid: string): KubeObject => ({
  apiVersion: 'v1',
  kind: 'X',
  metadata: { name, uid, resourceVersion: String(version) },
})

type Change = { type: 'put' | 'delete'; object: KubeObject }

/** A history of a few names: each step creates, changes or deletes one of them. */
function historyOf(steps: readonly number[]): { changes: Change[]; end: Map<string, KubeObject> } {
  const end = new Map<string, KubeObject>()
  const changes = steps.map((step, i): Change => {
    const name = `n${step % 3}`
    const old = end.get(name)
    const next = object(name, i + 1, old?.metadata.uid ?? `u${i}`)
    if (old && step % 2 === 0) {
      end.delete(name)
      return { type: 'delete', object: next }
    }
    end.set(name, next)
    return { type: 'put', object: next }
  })
  return { changes, end }
}

test('InformerCache ends at the truth whatever the order and however often events come', () => {
  fc.assert(
    fc.property(
      fc.array(fc.nat(11), { maxLength: 30 }),
      fc.array(fc.nat(1000), { minLength: 60, maxLength: 60 }),
      (steps, shuffle) => {
        const { changes, end } = historyOf(steps)
        const doubled = [...changes, ...changes]
          .map((change, i) => ({ change, at: shuffle[i]! }))
          .toSorted((a, b) => a.at - b.at)
        const cache = new InformerCache<KubeObject>()
        const told = new Map<string, KubeObject>()
        for (const { change } of doubled) {
          const said =
            change.type === 'put' ? cache.put(change.object) : cache.delete(change.object)
          for (const { type, object: about } of said) {
            const { name } = about.metadata
            assert.equal(told.has(name), type !== 'added')
            if (type === 'deleted') told.delete(name)
            else told.set(name, about)
          }
        }
        const byName = (a: KubeObject, b: KubeObject) =>
          a.metadata.name < b.metadata.name ? -1 : 1
        const wanted = [...end.values()].toSorted(byName)
        assert.deepEqual(cache.list(undefined).toSorted(byName), wanted)
        assert.deepEqual([...told.values()].toSorted(byName), wanted)
      },
    ),
  )
})
