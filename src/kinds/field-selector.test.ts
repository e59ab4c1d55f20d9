import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { fieldMatcher, formatFieldSelector, parseFieldSelector } from './field-selector.ts'
import type { KubeObject } from './object.ts'

const pod: KubeObject = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'a', namespace: 'n' },
}
const kind = { fields: { 'status.phase': () => 'Running' } }

const matches = (text: string): boolean => fieldMatcher(parseFieldSelector(text), kind)(pod)

test('parseFieldSelector reads =, == and !=', () => {
  assert.deepEqual(parseFieldSelector('a=b,c==d,e!=f'), [
    { field: 'a', operator: '=', value: 'b' },
    { field: 'c', operator: '=', value: 'd' },
    { field: 'e', operator: '!=', value: 'f' },
  ])
  assert.deepEqual(parseFieldSelector(''), [])
})

test('parseFieldSelector refuses a term without an operator', () => {
  assert.throws(() => parseFieldSelector('a=b,nonsense'), {
    message: "invalid selector: 'a=b,nonsense'; can't understand 'nonsense'",
  })
})

test('fieldMatcher reads metadata and the fields of the kind', () => {
  assert.equal(matches('metadata.name=a'), true)
  assert.equal(matches('metadata.name!=a'), false)
  assert.equal(matches('metadata.namespace=n,status.phase=Running'), true)
  assert.equal(matches('metadata.namespace=n,status.phase=Pending'), false)
})

test('fieldMatcher refuses fields the kind does not have', () => {
  for (const field of ['spec.other', 'toString'])
    assert.throws(() => matches(`${field}=a`), {
      reason: 'BadRequest',
      message: `field label not supported: ${field}`,
    })
})

test('parseFieldSelector reads what formatFieldSelector writes', () => {
  const requirement = fc.record(
    {
      field: fc.constantFrom('metadata.name', 'spec.nodeName', 'a'),
      operator: fc.constantFrom('=' as const, '!=' as const),
      value: fc.string({ unit: fc.constantFrom('a', 'b', ',', '=', '\\', '!', '-') }),
    },
    { noNullPrototype: true },
  )
  fc.assert(
    fc.property(fc.array(requirement, { maxLength: 4 }), (requirements) => {
      assert.deepEqual(parseFieldSelector(formatFieldSelector(requirements)), requirements)
    }),
  )
})
