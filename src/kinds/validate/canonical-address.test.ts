import assert from 'node:assert/strict'
import { test } from 'node:test'
import { checkCanonicalAddress, checkCanonicalBlock } from './canonical-address.ts'

const NOT_AN_ADDRESS = 'must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)'
const NOT_A_BLOCK = 'must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)'
const BEYOND = 'must not have bits set beyond the prefix length'
const ZEROS = 'must not have leading 0s in IP or prefix length'

const addresses: Record<string, string | undefined> = {
  '10.0.0.1': undefined,
  '2001:db8::1': undefined,
  '::': undefined,
  '': NOT_AN_ADDRESS,
  x: NOT_AN_ADDRESS,
  '10.0.0.256': NOT_AN_ADDRESS,
  'fe80::1%eth0': NOT_AN_ADDRESS,
  '010.0.0.1': 'must not have leading 0s',
  '2001:DB8:0::1': 'must be in canonical form ("2001:db8::1")',
  '2001:db8:0:0:0:0:0:1': 'must be in canonical form ("2001:db8::1")',
  '::ffff:1.2.3.4': 'must not be an IPv4-mapped IPv6 address',
}

const blocks: Record<string, string | undefined> = {
  '10.0.0.0/8': undefined,
  '10.1.2.3/32': undefined,
  '0.0.0.0/0': undefined,
  '::/0': undefined,
  '2001:db8::/64': undefined,
  '2001:db8:1:2:3:4:5:6/128': undefined,
  '64:ff9b::/96': undefined,
  '': NOT_A_BLOCK,
  '10.0.0.0': NOT_A_BLOCK,
  '10.0.0.0/33': NOT_A_BLOCK,
  '2001:db8::/129': NOT_A_BLOCK,
  '10.0.0.0/-1': NOT_A_BLOCK,
  '10.1.2.3/8': BEYOND,
  '10.0.0.1/31': BEYOND,
  '2001:db8::1/64': BEYOND,
  '2001:db8:0:1::/48': BEYOND,
  '64:ff9b::1.2.3.4/96': BEYOND,
  '10.0.0.0/08': ZEROS,
  '010.0.0.0/8': ZEROS,
  '::ffff:10.0.0.0/104': 'must not have an IPv4-mapped IPv6 address',
  '2001:DB8::/64': 'must be in canonical form ("2001:db8::/64")',
}

test('checkCanonicalAddress takes one form of each address', () => {
  for (const [address, problem] of Object.entries(addresses))
    assert.deepEqual(
      checkCanonicalAddress(address),
      problem === undefined ? [] : [problem],
      address,
    )
})

test('checkCanonicalBlock takes one form of each block, with no bit beyond its mask', () => {
  for (const [block, problem] of Object.entries(blocks))
    assert.deepEqual(checkCanonicalBlock(block), problem === undefined ? [] : [problem], block)
})
