import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ComponentHealth } from '../context.ts'
import { listOf, testCluster } from '../test-cluster.ts'

const PATH = '/api/v1/componentstatuses'
const COMPONENTS: readonly ComponentHealth[] = [
  { name: 'scheduler', isHealthy: false, message: 'is not running' },
]

test('component statuses show the parts of the cluster and its storage', async () => {
  const { api } = await testCluster({ components: () => COMPONENTS })
  const { items } = await api.get(PATH)
  assert.deepEqual(
    listOf(items).map(({ metadata, conditions }) => [metadata?.['name'], conditions]),
    [
      ['scheduler', [{ type: 'Healthy', status: 'False', message: 'is not running' }]],
      ['etcd-0', [{ type: 'Healthy', status: 'True', message: 'ok' }]],
    ],
  )
  const one = await api.get(`${PATH}?fieldSelector=metadata.name=etcd-0`)
  assert.equal(listOf(one['items']).length, 1)
  assert.equal((await api.get(`${PATH}/scheduler`))['kind'], 'ComponentStatus')
})

test('component statuses are only read', async () => {
  const { api } = await testCluster()
  await assert.rejects(api.get(`${PATH}/scheduler`), { reason: 'NotFound' })
  await assert.rejects(api.create(PATH, { metadata: { name: 'x' } }), {
    reason: 'MethodNotAllowed',
  })
  await assert.rejects(api.delete(`${PATH}/etcd-0`), { reason: 'MethodNotAllowed' })
})
