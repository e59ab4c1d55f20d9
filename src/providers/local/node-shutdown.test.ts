import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createClient } from '#client/create-client.ts'
import { fakeApi } from '#client/fake-api.ts'
import type { Node } from '#kinds/k8s/core.ts'
import { nodes } from '#kinds/refs.ts'
import { deleteNode, setOutOfService } from './node-shutdown.ts'

const other = { key: 'example.com/mine', effect: 'NoSchedule' } as const
const node: Node = {
  apiVersion: 'v1',
  kind: 'Node',
  metadata: { name: 'm1' },
  spec: { taints: [other] },
}

test('setOutOfService adds its taint once and takes only that away', async () => {
  const api = fakeApi()
  api.put(nodes, node)
  const client = createClient(api.call)
  const keys = () => api.get(nodes, { name: 'm1' })?.spec.taints?.map(({ key }) => key)
  await setOutOfService(client, 'm1', true)
  await setOutOfService(client, 'm1', true)
  assert.deepEqual(keys(), [other.key, 'node.kubernetes.io/out-of-service'])
  await setOutOfService(client, 'm1', false)
  assert.deepEqual(keys(), [other.key])
})

test('a node that does not exist needs neither taint nor deletion', async () => {
  const client = createClient(fakeApi().call)
  await setOutOfService(client, 'm1', true)
  await deleteNode(client, 'm1')
})
