import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  addQuantities,
  canonicalQuantity,
  compareQuantities,
  milliOf,
  QuantityError,
  quantityOfBytes,
  quantityOfMilli,
  subtractQuantities,
  wholeOf,
} from './quantity.ts'

test('canonicalQuantity writes the form Kubernetes stores', () => {
  const cases: Record<string, string> = {
    '0.1': '100m',
    '1000m': '1',
    '1': '1',
    '0': '0',
    '0Ki': '0',
    '-0': '0',
    '+5': '5',
    '1000': '1k',
    '128974848': '128974848',
    '64Mi': '64Mi',
    '1024Ki': '1Mi',
    '0.5Gi': '512Mi',
    '1.5Ki': '1536',
    '512Ki': '512Ki',
    '1e3': '1e3',
    '12e4': '120e3',
    '1E': '1E',
    '0.1n': '1n',
    '1.0000000001': '1000000001n',
    '-1.5': '-1500m',
    '.5': '500m',
    '5.': '5',
    '100Ei': '9223372036854775807',
    '0.5Ki': '512',
  }
  for (const [written, canonical] of Object.entries(cases))
    assert.equal(canonicalQuantity(written), canonical, written)
  assert.equal(canonicalQuantity(0.5), '500m')
  assert.equal(canonicalQuantity(2), '2')
})

test('canonicalQuantity refuses what is no quantity', () => {
  for (const text of ['', 'lots', '1.2.3', '--1', '1 Gi', 'Gi', '1ki', '1KiB', '0x10', '1e', '.'])
    assert.throws(() => canonicalQuantity(text), QuantityError, text)
})

test('compareQuantities compares across notations', () => {
  assert.equal(compareQuantities('1Ki', '1024'), 0)
  assert.equal(compareQuantities('1Ki', '1k'), 1)
  assert.equal(compareQuantities('999m', '1'), -1)
  assert.equal(compareQuantities('9007199254740993', '9007199254740992'), 1)
})

test('addQuantities and subtractQuantities keep the notation of the first unless it is zero', () => {
  assert.equal(addQuantities('1Gi', '1Gi'), '2Gi')
  assert.equal(addQuantities('0', '1Gi'), '1Gi')
  assert.equal(addQuantities('100m', '900m'), '1')
  assert.equal(subtractQuantities('1Gi', '256Mi'), '768Mi')
})

test('milliOf and wholeOf round up', () => {
  assert.equal(milliOf('1500u'), 2)
  assert.equal(milliOf('2'), 2000)
  assert.equal(wholeOf('1500m'), 2)
  assert.equal(wholeOf('1Gi'), 1_073_741_824)
  assert.equal(quantityOfMilli(1500), '1500m')
  assert.equal(quantityOfBytes(1_073_741_824), '1Gi')
})
