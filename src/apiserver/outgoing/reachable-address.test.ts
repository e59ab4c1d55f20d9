import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isReachableAddress } from './reachable-address.ts'

test('isReachableAddress refuses what is not one host elsewhere', () => {
  for (const address of [
    '127.0.0.1',
    '127.9.9.9',
    '0.0.0.0',
    '169.254.169.254',
    '224.0.0.1',
    '255.255.255.255',
    '::1',
    '::',
    'fe80::1',
    'ff02::1',
    '::ffff:127.0.0.1',
    '::ffff:7f00:1',
    '::ffff:169.254.169.254',
    'localhost',
    '127.1',
    '',
  ])
    assert.equal(isReachableAddress(address), false, address)
  for (const address of ['10.64.64.5', '192.168.1.1', '8.8.8.8', 'fd00::5', '2001:db8::1'])
    assert.equal(isReachableAddress(address), true, address)
})
