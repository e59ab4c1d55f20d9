import assert from 'node:assert/strict'
import { test } from 'node:test'
import { addressClass, reachableFrom } from './address-class.ts'

test('addressClass tells where an address leads', () => {
  const cases: Record<string, string[]> = {
    public: ['1.1.1.1', '172.32.0.1', '192.167.1.1', '2606:4700::1111', '::ffff:8.8.8.8'],
    private: [
      '10.1.2.3',
      '172.31.255.255',
      '192.168.0.1',
      '100.64.0.1',
      'fd00::1',
      '::ffff:10.0.0.1',
    ],
    'link-local': ['169.254.169.254', 'fe80::1%eth0', '[fe80::1]', '::ffff:169.254.169.254'],
    loopback: ['127.0.0.1', '127.9.9.9', '0.0.0.0', '::1', '[::1]', '::', '::ffff:127.0.0.1'],
  }
  for (const [expected, addresses] of Object.entries(cases))
    for (const address of addresses) assert.equal(addressClass(address), expected, address)
  assert.equal(addressClass('64:ff9b::7f00:1'), 'loopback')
  assert.equal(addressClass('2002:a9fe:a9fe::1'), 'link-local')
  assert.equal(addressClass('255.255.255.255'), 'private')
  assert.equal(addressClass('registry-1.docker.io'), undefined)
})

test('reachableFrom leaves everyone the internet and its like', () => {
  assert.deepEqual(reachableFrom('public'), ['public'])
  assert.deepEqual(reachableFrom('private'), ['public', 'private'])
  assert.deepEqual(reachableFrom('loopback'), ['public', 'loopback'])
})
