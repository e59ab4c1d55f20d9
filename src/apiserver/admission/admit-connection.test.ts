import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Call, ClusterContext, Target } from '../context.ts'
import { admitConnection } from './admit-connection.ts'
import type { AdmissionPlugin } from './plugin.ts'

async function changed(subresource: string, query: string, more: object, path = '') {
  const plugin: AdmissionPlugin = {
    name: 'changes',
    asksOfUnstored: true,
    admit: ({ object }) => void Object.assign(object!, more),
  }
  const request = { method: 'GET', path: '/', query: new URLSearchParams(query) }
  const call = { request, warnings: [], user: { username: 'u', groups: [] } } as unknown as Call
  const target = { resource: { plural: 'pods' }, namespace: 'ns', name: 'p', subresource }
  const admission = { admission: [plugin] } as unknown as ClusterContext
  const newPath = await admitConnection(admission, call, target as unknown as Target, path)
  return [request.query.toString(), newPath]
}

test('a connection is opened as admission left it', async () => {
  assert.deepEqual(await changed('exec', 'command=sh&stdin=1&x=y', { command: ['ls', '-l'] }), [
    'stdin=1&x=y&command=ls&command=-l',
    '',
  ])
  assert.deepEqual(await changed('attach', 'stdin=1', { stdin: undefined, container: 'c' }), [
    'container=c',
    '',
  ])
  assert.deepEqual(await changed('proxy', 'path=mine', { path: '/b' }, '/a'), ['path=mine', '/b'])
  assert.deepEqual(await changed('portforward', 'ports=80,81', {}), ['ports=80%2C81', ''])
})
