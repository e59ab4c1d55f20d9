import assert from 'node:assert/strict'
import { test } from 'node:test'
import { compileJsonPath } from './json-path.ts'

const object = {
  spec: { list: [{ name: 'a' }, { name: 'b' }], 'with.dot': 1 },
  status: {
    conditions: [
      { type: 'Ready', status: 'True' },
      { type: 'Other', status: 'False' },
    ],
  },
}

test('compileJsonPath reads what printer columns ask for', () => {
  const cases: [string, unknown[]][] = [
    ['.spec.list[0].name', ['a']],
    ['.spec.list[-1].name', ['b']],
    ['.spec.list[*].name', ['a', 'b']],
    ["{.spec['with.dot']}", [1]],
    ['.spec.with\\.dot', [1]],
    ['.status.conditions[?(@.type=="Ready")].status', ['True']],
    [".status.conditions[?(@.type!='Ready')].status", ['False']],
    ['.spec.none.deeper', []],
  ]
  for (const [path, wanted] of cases)
    assert.deepEqual(compileJsonPath(path)?.(object), wanted, path)
})

test('compileJsonPath tells what it does not know', () => {
  for (const path of ['.a[', '.a[?(@.b>1', '.a[$]', '..a..b'])
    assert.equal(compileJsonPath(path), undefined, path)
})

test('compileJsonPath reads names with slashes, slices, descents and comparisons', () => {
  const object = {
    metadata: { annotations: { 'crossplane.io/external-name': 'x' } },
    list: [{ n: 1 }, { n: 2, on: true }, { n: 3 }],
  }
  const read = (path: string) => compileJsonPath(path)?.(object)
  assert.deepEqual(read('.metadata.annotations.crossplane\\.io/external-name'), ['x'])
  assert.deepEqual(read(".metadata.annotations['crossplane\\.io/external-name']"), ['x'])
  assert.deepEqual(read('.list[0:2].n'), [1, 2])
  assert.deepEqual(read('.list[-1:].n'), [3])
  assert.deepEqual(read('..n'), [1, 2, 3])
  assert.deepEqual(read('.list[?(@.n>=2)].n'), [2, 3])
  assert.deepEqual(read('.list[?(@.on)].n'), [2])
  assert.deepEqual(read('{.list[*].n}'), [1, 2, 3])
  assert.equal(compileJsonPath('.a[?('), undefined)
})
