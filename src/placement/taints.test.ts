import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Taint, Toleration } from '#kinds/k8s/core.ts'
import { tolerates, untoleratedTaint } from './taints.ts'

const taint: Taint = { key: 'k', value: '5', effect: 'NoExecute' }

const cases: [criterion: string, toleration: Toleration, expected: boolean][] = [
  ['the same key and value', { key: 'k', value: '5' }, true],
  ['another value', { key: 'k', value: '6' }, false],
  ['any value with Exists', { key: 'k', operator: 'Exists' }, true],
  ['another key with Exists', { key: 'other', operator: 'Exists' }, false],
  ['everything with Exists and no key', { operator: 'Exists' }, true],
  ['nothing with neither key nor operator', {}, false],
  ['another effect', { key: 'k', value: '5', effect: 'NoSchedule' }, false],
  ['a larger value with Gt', { key: 'k', operator: 'Gt', value: '4' }, true],
  ['an equal value with Gt', { key: 'k', operator: 'Gt', value: '5' }, false],
  ['a smaller value with Lt', { key: 'k', operator: 'Lt', value: '6' }, true],
]

for (const [criterion, toleration, expected] of cases)
  test(`tolerates ${expected ? 'accepts' : 'refuses'} ${criterion}`, () => {
    assert.equal(tolerates(toleration, taint), expected)
  })

test('untoleratedTaint passes over taints that only say what is preferred', () => {
  const soft: Taint = { key: 's', effect: 'PreferNoSchedule' }
  assert.equal(untoleratedTaint([soft]), undefined)
  assert.equal(untoleratedTaint([soft, taint]), taint)
})
