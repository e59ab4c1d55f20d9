import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseHexAddress, parseSockets } from './listening-sockets.ts'

test('parseHexAddress reads IPv4, IPv6 and IPv4 in IPv6', () => {
  assert.equal(parseHexAddress('0100007F'), '127.0.0.1')
  assert.equal(parseHexAddress('00000000'), '0.0.0.0')
  assert.equal(parseHexAddress('00000000000000000000000000000000'), '::')
  assert.equal(parseHexAddress('00000000000000000000000001000000'), '::1')
  assert.equal(parseHexAddress('0000000000000000FFFF00000100007F'), '127.0.0.1')
  assert.equal(parseHexAddress('B80D01200000000000000000020000FE'), '2001:db8:0:0:0:0:fe00:2')
})

test('parseSockets finds what listens and leaves out connections', () => {
  const table = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:192B 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1234 1 0 100 0 0 10 0
   1: 0100007F:192B 0100007F:D431 01 00000000:00000000 00:00000000 00000000     0        0 1235 1 0 20 4 30 10 -1
`
  assert.deepEqual(parseSockets(table, { protocol: 'tcp', state: '0A' }), [
    { protocol: 'tcp', address: '127.0.0.1', port: 6443, inode: '1234' },
  ])
})
