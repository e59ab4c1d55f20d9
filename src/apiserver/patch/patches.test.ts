import assert from 'node:assert/strict'
import { test } from 'node:test'
import { builtinSchemas } from '../schema/builtin-schemas.ts'
import { applyJsonPatch } from './json-patch.ts'
import { applyMergePatch } from './merge-patch.ts'
import { ElementOrderError, PatchError } from './patch-error.ts'
import { applyStrategicPatch } from './strategic.ts'

const POD_SPEC = 'io.k8s.api.core.v1.PodSpec'
const strategic = (target: object, patch: object, schema = POD_SPEC) =>
  applyStrategicPatch(
    builtinSchemas,
    schema,
    target as Record<string, unknown>,
    patch as Record<string, unknown>,
  )

test('applyJsonPatch does each operation of RFC 6902', () => {
  const document = { a: { b: [1, 2, 3] }, 'x/y': { '~': 1 } }
  const result = applyJsonPatch(structuredClone(document), [
    { op: 'add', path: '/a/b/1', value: 9 },
    { op: 'add', path: '/a/b/-', value: 4 },
    { op: 'replace', path: '/a/b/0', value: 0 },
    { op: 'remove', path: '/x~1y/~0' },
    { op: 'copy', from: '/a/b/1', path: '/c' },
    { op: 'move', from: '/c', path: '/d' },
    { op: 'test', path: '/d', value: 9 },
  ])
  assert.deepEqual(result, { a: { b: [0, 9, 2, 3, 4] }, 'x/y': {}, d: 9 })
})

test('applyJsonPatch refuses what does not fit the document', () => {
  const refused = [
    { op: 'test', path: '/a', value: 2 },
    { op: 'remove', path: '/none' },
    { op: 'replace', path: '/none', value: 1 },
    { op: 'add', path: '/none/deeper', value: 1 },
    { op: 'add', path: '/list/7', value: 1 },
    { op: 'jump', path: '/a' },
  ]
  for (const operation of refused)
    assert.throws(() => applyJsonPatch({ a: 1, list: [] }, [operation]), PatchError, operation.op)
})

test('applyJsonPatch keeps "__proto__" a key', () => {
  const result = applyJsonPatch({}, [{ op: 'add', path: '/__proto__', value: { polluted: true } }])
  assert.equal((result as { polluted?: boolean }).polluted, undefined)
  assert.deepEqual(Object.keys(result as object), ['__proto__'])
})

test('applyMergePatch follows RFC 7386', () => {
  const target = { a: 'b', c: { d: 'e', f: 'g' }, list: [1, 2] }
  const patch = { a: 'z', c: { f: null }, list: [3], more: { x: null, y: 1 } }
  assert.deepEqual(applyMergePatch(target, patch), {
    a: 'z',
    c: { d: 'e' },
    list: [3],
    more: { y: 1 },
  })
})

test('applyStrategicPatch merges lists by key and puts new elements first', () => {
  const target = { containers: [{ name: 'main', image: 'a', env: [{ name: 'A', value: '1' }] }] }
  const patch = {
    containers: [
      { name: 'side', image: 'b' },
      { name: 'main', env: [{ name: 'B', value: '2' }] },
    ],
  }
  assert.deepEqual(strategic(target, patch), {
    containers: [
      { name: 'side', image: 'b' },
      {
        name: 'main',
        image: 'a',
        env: [
          { name: 'B', value: '2' },
          { name: 'A', value: '1' },
        ],
      },
    ],
  })
})

test('applyStrategicPatch deletes and replaces list elements by directive', () => {
  const target = { containers: [{ name: 'a' }, { name: 'b' }] }
  assert.deepEqual(strategic(target, { containers: [{ name: 'a', $patch: 'delete' }] }), {
    containers: [{ name: 'b' }],
  })
  const replaced = { containers: [{ name: 'c' }, { $patch: 'replace' }] }
  assert.deepEqual(strategic(target, replaced), { containers: [{ name: 'c' }] })
})

test('applyStrategicPatch replaces lists without a merge strategy', () => {
  const target = { containers: [{ name: 'a', command: ['x', 'y'] }] }
  assert.deepEqual(strategic(target, { containers: [{ name: 'a', command: ['z'] }] }), {
    containers: [{ name: 'a', command: ['z'] }],
  })
})

test('applyStrategicPatch obeys $setElementOrder and refuses a list that contradicts it', () => {
  const target = { containers: [{ name: 'a' }, { name: 'b' }, { name: 'c' }] }
  const order = (...names: string[]) => ({
    '$setElementOrder/containers': names.map((name) => ({ name })),
  })
  assert.deepEqual(strategic(target, order('c', 'a', 'b')), {
    containers: [{ name: 'c' }, { name: 'a' }, { name: 'b' }],
  })
  const contradiction = { ...order('b', 'a'), containers: [{ name: 'a' }, { name: 'b' }] }
  assert.throws(() => strategic(target, contradiction), ElementOrderError)
})

test('applyStrategicPatch obeys $retainKeys, $patch: replace and null', () => {
  const volume = { name: 'v', emptyDir: { medium: 'Memory' } }
  const patch = {
    volumes: [{ name: 'v', $retainKeys: ['name', 'hostPath'], hostPath: { path: '/' } }],
  }
  assert.deepEqual(strategic({ volumes: [volume] }, patch), {
    volumes: [{ name: 'v', hostPath: { path: '/' } }],
  })
  const target = { nodeSelector: { a: '1' }, hostname: 'h' }
  assert.deepEqual(
    strategic(target, { nodeSelector: { $patch: 'replace', b: '2' }, hostname: null }),
    {
      nodeSelector: { b: '2' },
    },
  )
})

test('applyStrategicPatch merges and deletes primitives of a set', () => {
  const meta = 'io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta'
  const target = { finalizers: ['a', 'b'] }
  assert.deepEqual(strategic(target, { finalizers: ['b', 'c'] }, meta), {
    finalizers: ['a', 'b', 'c'],
  })
  assert.deepEqual(strategic(target, { '$deleteFromPrimitiveList/finalizers': ['a'] }, meta), {
    finalizers: ['b'],
  })
})

test('applyStrategicPatch refuses an element without its key', () => {
  assert.throws(
    () => strategic({}, { containers: [{ image: 'x' }] }),
    /does not contain declared merge key: name/,
  )
})
