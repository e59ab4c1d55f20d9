import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseContentRange, parseRange } from './byte-range.ts'

test('parseRange reads one range, clamped to the size', () => {
  const part = (start: number, endExclusive: number) => ({ type: 'part', start, endExclusive })
  assert.deepEqual(parseRange('bytes=500-1499', 2048), part(500, 1500))
  assert.deepEqual(parseRange('bytes=500-', 2048), part(500, 2048))
  assert.deepEqual(parseRange('bytes=-500', 2048), part(1548, 2048))
  assert.deepEqual(parseRange('bytes=-5000', 2048), part(0, 2048))
  assert.deepEqual(parseRange('bytes=2000-5000', 2048), part(2000, 2048))
  assert.deepEqual(parseRange('bytes=0-0', 2048), part(0, 1))
})

test('parseRange says which ranges cannot be served', () => {
  for (const header of ['bytes=500-0', 'bytes=5000-10000', 'bytes=2048-', 'bytes=-0'])
    assert.deepEqual(parseRange(header, 2048), { type: 'unsatisfiable' }, header)
  assert.deepEqual(parseRange('bytes=0-', 0), { type: 'unsatisfiable' })
})

test('parseRange ignores what it does not know, as RFC 9110 allows', () => {
  for (const header of [undefined, '', 'bytes=-', 'bytes=1-2,4-5', 'lines=1-2', 'bytes=a-b'])
    assert.deepEqual(parseRange(header, 2048), { type: 'whole' }, header)
  assert.deepEqual(parseRange(`bytes=${'9'.repeat(20)}-`, 2048), { type: 'whole' })
})

test('parseContentRange reads the forms clients send and nothing else', () => {
  for (const header of ['0-99', 'bytes 0-99', 'bytes 0-99/200', '0-99/*', '0-99/100'])
    assert.deepEqual(parseContentRange(header), { start: 0, length: 100 }, header)
  assert.deepEqual(parseContentRange('7-7'), { start: 7, length: 1 })
  for (const header of ['5-3', '-', '', '5-', '-5', '1-2-3', `0-${'9'.repeat(20)}`, '0x1-0x2'])
    assert.equal(parseContentRange(header), undefined, header)
})
