import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseMountInfo } from './mounts.ts'

test('parseMountInfo reads targets with escaped blanks, with and without optional fields', () => {
  const text =
    '36 35 98:0 /mnt1 /mnt\\040two rw,noatime master:1 shared:2 - ext4 /dev/root rw,errors=continue\n' +
    '45 27 0:4 net:[4026532248] /run/netns/a rw - nsfs nsfs rw\n'
  const [first, second] = parseMountInfo(text)
  assert.deepEqual(first, {
    target: '/mnt two',
    type: 'ext4',
    source: '/dev/root',
    options: ['rw', 'noatime'],
    superOptions: ['rw', 'errors=continue'],
    isShared: true,
  })
  assert.equal(second?.target, '/run/netns/a')
  assert.equal(second?.type, 'nsfs')
})
