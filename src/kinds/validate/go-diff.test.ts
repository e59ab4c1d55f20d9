import assert from 'node:assert/strict'
import { test } from 'node:test'
import { goDiff } from './go-diff.ts'

test('goDiff names fields as Go does and shows three lines around a change', () => {
  const before = { a: 1, b: 2, c: 3, d: 4, nested: { hostNetwork: false }, e: 5 }
  const after = { ...before, nested: { hostNetwork: true } }
  assert.equal(
    goDiff(before, after),
    [
      '@@ -4,7 +4,7 @@',
      '  "C": 3,',
      '  "D": 4,',
      '  "Nested": {',
      '-  "HostNetwork": false',
      '+  "HostNetwork": true',
      '  },',
      '  "E": 5',
      ' }',
      '',
    ].join('\n'),
  )
})

test('goDiff says nothing of the same, and makes a hunk for each change far from others', () => {
  const value = Object.fromEntries(Array.from({ length: 30 }, (_, index) => [`key${index}`, 0]))
  assert.equal(goDiff(value, { ...value }), '')
  const text = goDiff(value, { ...value, key2: 1, key27: 1 })
  assert.deepEqual(text.match(/@@ .* @@/g), ['@@ -1,7 +1,7 @@', '@@ -26,7 +26,7 @@'])
})

test('goDiff keeps keys that are data', () => {
  assert.match(goDiff({ m: { 'app.x/y': 1 } }, { m: { 'app.x/y': 2 } }), /-  "app\.x\/y": 1/)
})

test('goDiff shows lines that were added and removed', () => {
  const text = goDiff({ list: ['a', 'b', 'c'] }, { list: ['a', 'c', 'd'] })
  assert.equal(
    text,
    '@@ -1,7 +1,7 @@\n {\n  "List": [\n   "a",\n-  "b",\n-  "c"\n+  "c",\n+  "d"\n  ]\n }\n',
  )
})
