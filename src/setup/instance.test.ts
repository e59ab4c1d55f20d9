import assert from 'node:assert/strict'
import { test } from 'node:test'
import { instanceId, instancePaths } from './instance.ts'

test('instanceId is six characters of base32 that depend on the directory alone', () => {
  const id = instanceId('/var/lib/ccs')
  assert.match(id, /^[a-z2-7]{6}$/)
  assert.equal(instanceId('/var/lib/ccs'), id)
  assert.notEqual(instanceId('/var/lib/ccs2'), id)
})

test('instancePaths keeps sockets short enough for the kernel', () => {
  const { runDir } = instancePaths('/a/very/long/path'.repeat(20))
  const machine = 'm'.repeat(31)
  const cluster = 'c'.repeat(31)
  assert.ok(`${runDir}/${cluster}/${machine}/containerd.sock.ttrpc`.length <= 107)
})
