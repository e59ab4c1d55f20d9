import assert from 'node:assert/strict'
import { test } from 'node:test'
import { programOf, socketsOfPort } from './port-owner.ts'

const table = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:1770 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4711 1 0000 100 0 0 10 0
   1: 0100007F:1770 0100007F:C350 01 00000000:00000000 00:00000000 00000000     0        0 4712 1 0000 100 0 0 10 0
   2: 0100007F:1771 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4713 1 0000 100 0 0 10 0
`

test('socketsOfPort finds the sockets that listen on a port, not its connections', () => {
  assert.deepEqual(socketsOfPort(table, 6000, '0A'), ['4711'])
  assert.deepEqual(socketsOfPort(table, 6002, '0A'), [])
})

test('programOf names the program as people know it', () => {
  assert.equal(programOf('/usr/bin/node\0server.js\0'), 'node')
  assert.equal(
    programOf('nginx: master process /usr/sbin/nginx\0'),
    'nginx: master process /usr/sbin/nginx',
  )
})
