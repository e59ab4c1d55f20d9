import assert from 'node:assert/strict'
import { test } from 'node:test'
import { renderAge, renderBytes, renderTable, renderValue } from './output.ts'

test('renderTable pads all columns but the last', () => {
  const text = renderTable(
    [
      { title: 'NAME', value: (r: { name: string; n?: number }) => r.name },
      { title: 'COUNT', value: (r) => r.n },
      { title: 'END', value: () => 'x' },
    ],
    [{ name: 'a-long-name', n: 3 }, { name: 'b' }],
  )
  assert.equal(text, 'NAME          COUNT   END\na-long-name   3       x\nb                     x')
})

test('renderAge uses the largest unit of which two have passed', () => {
  const now = Date.parse('2026-01-02T00:00:00Z')
  assert.equal(renderAge('2026-01-01T23:59:20Z', now), '40s')
  assert.equal(renderAge('2026-01-01T23:58:30Z', now), '90s')
  assert.equal(renderAge('2026-01-01T22:30:00Z', now), '90m')
  assert.equal(renderAge('2025-12-20T00:00:00Z', now), '13d')
  assert.equal(renderAge(undefined, now), '<unknown>')
})

test('renderBytes counts in powers of a thousand', () => {
  assert.equal(renderBytes(999), '999 B')
  assert.equal(renderBytes(1_234_567), '1.2 MB')
})

test('renderValue quotes what older readers of YAML take for something else than text', () => {
  const strings = { a: 'no', b: '2026-01-02T00:00:00Z', c: '0o7', d: '1:30', on: 'plain' }
  const text = `a: "no"\nb: "2026-01-02T00:00:00Z"\nc: "0o7"\nd: "1:30"\n"on": plain`
  assert.equal(renderValue(strings, 'yaml'), text)
})
