import assert from 'node:assert/strict'
import { test } from 'node:test'
import { programOf } from './port-owner.ts'

test('programOf names the program as people know it', () => {
  assert.equal(programOf('/usr/bin/node\0server.js\0'), 'node')
  assert.equal(
    programOf('nginx: master process /usr/sbin/nginx\0'),
    'nginx: master process /usr/sbin/nginx',
  )
})
