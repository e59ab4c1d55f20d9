import assert from 'node:assert/strict'
import { test } from 'node:test'
import { nameserversOf } from './upstream.ts'

const cases: [criterion: string, text: string, expected: string[]][] = [
  ['in their order', 'nameserver 192.0.2.1\nnameserver 192.0.2.2', ['192.0.2.1', '192.0.2.2']],
  [
    'of both families',
    'nameserver 2001:db8::1\nnameserver 192.0.2.1',
    ['2001:db8::1', '192.0.2.1'],
  ],
  ['with a zone', 'nameserver fe80::1%eth0', ['fe80::1%eth0']],
  ['with a remark behind', ' nameserver\t192.0.2.1 # home\r', ['192.0.2.1']],
  [
    'not in remarks or other lines',
    '# nameserver 192.0.2.1\nsearch nameserver\noptions rotate',
    [],
  ],
  ['only where there is an address', 'nameserver\nnameserver dns.example.org', []],
  ['less our own', 'nameserver 10.64.1.1\nnameserver 192.0.2.1', ['192.0.2.1']],
  [
    'three at most',
    'nameserver 192.0.2.1\nnameserver 192.0.2.2\nnameserver 192.0.2.3\nnameserver 192.0.2.4',
    ['192.0.2.1', '192.0.2.2', '192.0.2.3'],
  ],
]

for (const [criterion, text, expected] of cases)
  test(`nameserversOf finds nameservers ${criterion}`, () => {
    assert.deepEqual(nameserversOf(text, new Set(['10.64.1.1'])), expected)
  })
