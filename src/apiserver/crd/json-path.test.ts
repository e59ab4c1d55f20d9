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
  for (const path of ['.a[', '.a[1:2]', '..a', '.a[?(@.b>1)]'])
    assert.equal(compileJsonPath(path), undefined, path)
})
