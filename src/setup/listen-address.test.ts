import assert from 'node:assert/strict'
import { test } from 'node:test'
import { checkListenAddress, defaultLink } from './listen-address.ts'

const known = [
  { link: 'eth0', address: '192.168.1.5', isDefault: true },
  { link: 'eth1', address: '10.0.0.5', isDefault: false },
]

test('defaultLink takes the default route with the lowest metric', () => {
  const table = `Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT
wlan0\t00000000\t0101A8C0\t0003\t0\t0\t600\t00000000\t0\t0\t0
eth0\t00000000\t0100000A\t0003\t0\t0\t100\t00000000\t0\t0\t0
eth0\t0000000A\t00000000\t0001\t0\t0\t100\t00FFFFFF\t0\t0\t0
`
  assert.equal(defaultLink(table), 'eth0')
  assert.equal(defaultLink('Iface\tDestination\n'), undefined)
})

test('checkListenAddress takes an address of this computer and lists them otherwise', () => {
  checkListenAddress('10.0.0.5', known)
  const list = /There are: 192.168.1.5 \(eth0, to the outside\), 10.0.0.5 \(eth1\)/
  for (const given of ['192.168.1.6', '0.0.0.0', '127.0.0.1', 'localhost', '::1'])
    assert.throws(() => checkListenAddress(given, known), list, given)
  assert.throws(() => checkListenAddress('1.2.3.4', []), /It has none beyond loopback/)
})
