import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CONFIG_MAPS, configMap, PODS, pod, serviceAccount, testCluster } from '../test-cluster.ts'

const SERVICE_ACCOUNTS = '/api/v1/namespaces/default/serviceaccounts'

async function clusterWithPod(spec: object = {}) {
  const all = await testCluster()
  await all.api.create(SERVICE_ACCOUNTS, serviceAccount('default'))
  await all.api.create(PODS, pod('p', spec))
  return all
}

test('delete answers with a Status once the object is gone', async () => {
  const { api } = await testCluster()
  const { metadata } = await api.create(CONFIG_MAPS, configMap('a'))
  assert.deepEqual(await api.delete(`${CONFIG_MAPS}/a`), {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Success',
    details: { name: 'a', kind: 'configmaps', uid: metadata?.['uid'] },
  })
  await assert.rejects(api.get(`${CONFIG_MAPS}/a`), { reason: 'NotFound' })
})

test('delete keeps an object that a finalizer holds, until the finalizer goes', async () => {
  const { api } = await testCluster()
  await api.create(CONFIG_MAPS, configMap('a', {}, { finalizers: ['example.com/hold'] }))
  const held = await api.delete(`${CONFIG_MAPS}/a`)
  assert.equal(held['metadata']?.['deletionTimestamp'], '2026-01-01T00:00:00Z')
  const released = await api.patch(`${CONFIG_MAPS}/a`, { metadata: { finalizers: null } })
  assert.equal(released['metadata']?.['finalizers'], undefined)
  await assert.rejects(api.get(`${CONFIG_MAPS}/a`), { reason: 'NotFound' })
})

test('no finalizer can be added to an object that is deleted', async () => {
  const { api } = await testCluster()
  await api.create(CONFIG_MAPS, configMap('a', {}, { finalizers: ['example.com/hold'] }))
  await api.delete(`${CONFIG_MAPS}/a`)
  const finalizers = ['example.com/hold', 'example.com/more']
  await assert.rejects(api.patch(`${CONFIG_MAPS}/a`, { metadata: { finalizers } }), {
    reason: 'Invalid',
  })
})

test('delete holds its precondition against the object', async () => {
  const { api } = await testCluster()
  await api.create(CONFIG_MAPS, configMap('a'))
  await assert.rejects(api.delete(`${CONFIG_MAPS}/a`, { preconditions: { uid: 'other' } }), {
    reason: 'Conflict',
  })
})

test('delete writes the finalizer of the propagation asked for', async () => {
  const { api } = await testCluster()
  await api.create(CONFIG_MAPS, configMap('a'))
  const foreground = await api.delete(`${CONFIG_MAPS}/a?propagationPolicy=Foreground`)
  assert.deepEqual(foreground['metadata']?.['finalizers'], ['foregroundDeletion'])
  const orphan = await api.delete(`${CONFIG_MAPS}/a?propagationPolicy=Orphan`)
  assert.deepEqual(orphan['metadata']?.['finalizers'], ['orphan'])
})

test('a pod on a node stays for its grace period', async () => {
  const { api } = await clusterWithPod({ nodeName: 'n1', terminationGracePeriodSeconds: 10 })
  const going = await api.delete(`${PODS}/p`)
  assert.equal(going['metadata']?.['deletionTimestamp'], '2026-01-01T00:00:10Z')
  assert.equal(going['metadata']?.['deletionGracePeriodSeconds'], 10)
  await api.get(`${PODS}/p`)
  await api.delete(`${PODS}/p`, { gracePeriodSeconds: 0 })
  await assert.rejects(api.get(`${PODS}/p`), { reason: 'NotFound' })
})

test('a pod with less than no time to end has a second', async () => {
  const { api } = await clusterWithPod({ nodeName: 'n1', terminationGracePeriodSeconds: -1 })
  const going = await api.delete(`${PODS}/p`)
  assert.equal(going['metadata']?.['deletionGracePeriodSeconds'], 1)
})

test('a pod that goes at once is answered with the grace period that it got', async () => {
  const { api } = await clusterWithPod()
  const deleted = await api.delete(`${PODS}/p`, { gracePeriodSeconds: 0 })
  assert.equal(deleted['metadata']?.['deletionGracePeriodSeconds'], 0)
  assert.equal(deleted['metadata']?.['deletionTimestamp'], '2026-01-01T00:00:00Z')
  assert.equal(deleted['metadata']?.['generation'], 2)
})

test('a second delete shortens the grace period, never lengthens it', async () => {
  const { api } = await clusterWithPod({ nodeName: 'n1' })
  await api.delete(`${PODS}/p`, { gracePeriodSeconds: 10 })
  const longer = await api.delete(`${PODS}/p`, { gracePeriodSeconds: 60 })
  assert.equal(longer['metadata']?.['deletionGracePeriodSeconds'], 10)
  const shorter = await api.delete(`${PODS}/p`, { gracePeriodSeconds: 3 })
  assert.equal(shorter['metadata']?.['deletionTimestamp'], '2026-01-01T00:00:03Z')
})

test('a pod without a node goes at once', async () => {
  const { api } = await clusterWithPod()
  assert.equal((await api.delete(`${PODS}/p`))['kind'], 'Pod')
  await assert.rejects(api.get(`${PODS}/p`), { reason: 'NotFound' })
})

test('deletecollection deletes what its selector matches', async () => {
  const { api } = await testCluster()
  for (const name of ['a', 'b', 'c'])
    await api.create(CONFIG_MAPS, configMap(name, {}, { labels: { odd: String(name !== 'b') } }))
  await api.delete(`${CONFIG_MAPS}?labelSelector=odd%3Dtrue`)
  const { items } = await api.get(CONFIG_MAPS)
  assert.deepEqual(
    (items as unknown as { metadata: { name: string } }[]).map((one) => one.metadata.name),
    ['b'],
  )
})

test('a namespace ends with finalize, and takes nothing new before', async () => {
  const { api } = await testCluster()
  await api.create('/api/v1/namespaces', {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name: 'n' },
  })
  const going = await api.delete('/api/v1/namespaces/n')
  assert.equal(going['status']?.['phase'], 'Terminating')
  await assert.rejects(api.create('/api/v1/namespaces/n/configmaps', configMap('late')), {
    reason: 'Forbidden',
    message:
      'configmaps "late" is forbidden: unable to create new content in namespace n because it is being terminated',
  })
  await api.update('/api/v1/namespaces/n/finalize', { ...going, spec: { finalizers: [] } })
  await assert.rejects(api.get('/api/v1/namespaces/n'), { reason: 'NotFound' })
})

test('the default namespace cannot be deleted', async () => {
  const { api } = await testCluster()
  await assert.rejects(api.delete('/api/v1/namespaces/default'), { reason: 'Forbidden' })
})
