import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  CONFIG_MAPS,
  configMap,
  DEPLOYMENTS,
  deployment,
  testCluster,
  textOf,
} from '../test-cluster.ts'

const reason = (wanted: string, message?: RegExp) => (error: unknown) => {
  const { reason: actual, message: text } = error as { reason: string; message: string }
  assert.equal(actual, wanted)
  if (message !== undefined) assert.match(text, message)
  return true
}

test('create gives an object its uid, time, version and generation', async () => {
  const { api } = await testCluster()
  const made = await api.create(DEPLOYMENTS, deployment('d'))
  assert.equal(made['metadata']?.['generation'], 1)
  assert.equal(made['metadata']?.['namespace'], 'default')
  assert.equal(made['metadata']?.['creationTimestamp'], '2026-01-01T00:00:00Z')
  assert.match(textOf(made['metadata']?.['uid']), /^[0-9a-f-]{36}$/)
  assert.match(textOf(made['metadata']?.['resourceVersion']), /^\d+$/)
  assert.deepEqual(await api.get(`${DEPLOYMENTS}/d`), made)
})

test('create refuses a name that is taken', async () => {
  const { api } = await testCluster()
  await api.create(CONFIG_MAPS, configMap('a'))
  await assert.rejects(
    api.create(CONFIG_MAPS, configMap('a')),
    reason('AlreadyExists', /^configmaps "a" already exists$/),
  )
})

test('create with generateName finds a name of its own each time', async () => {
  const { api } = await testCluster()
  const body = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { generateName: 'x-' } }
  const [one, other] = [await api.create(CONFIG_MAPS, body), await api.create(CONFIG_MAPS, body)]
  assert.match(textOf(one['metadata']?.['name']), /^x-[a-z0-9]{5}$/)
  assert.notEqual(one['metadata']?.['name'], other['metadata']?.['name'])
})

test('create on a dry run stores nothing', async () => {
  const { api } = await testCluster()
  const made = await api.create(`${CONFIG_MAPS}?dryRun=All`, configMap('a'))
  assert.equal(made['metadata']?.['resourceVersion'], undefined)
  await assert.rejects(api.get(`${CONFIG_MAPS}/a`), reason('NotFound'))
})

test('create refuses an object without a name with all causes', async () => {
  const { api } = await testCluster()
  const body = { apiVersion: 'v1', kind: 'ConfigMap', metadata: {} }
  await assert.rejects(
    api.create(CONFIG_MAPS, body),
    reason(
      'Invalid',
      /^ConfigMap "" is invalid: metadata.name: Required value: name or generateName is required$/,
    ),
  )
})

test('create under strict field validation refuses unknown fields', async () => {
  const { api } = await testCluster()
  await assert.rejects(
    api.create(`${CONFIG_MAPS}?fieldValidation=Strict`, configMap('a', { datas: {} })),
    reason('BadRequest', /strict decoding error: unknown field "datas"$/),
  )
})

test('create without strict validation leaves unknown fields out', async () => {
  const { api } = await testCluster()
  const made = await api.create(CONFIG_MAPS, configMap('a', { datas: {} }))
  assert.equal('datas' in made, false)
})

test('create refuses a value of the wrong type in Go words', async () => {
  const { api } = await testCluster()
  await assert.rejects(
    api.create(CONFIG_MAPS, configMap('a', { data: { k: 1 } })),
    reason(
      'BadRequest',
      /cannot unmarshal number into Go struct field ConfigMap.data of type string$/,
    ),
  )
})

test('update refuses an old version', async () => {
  const { api } = await testCluster()
  const first = await api.create(CONFIG_MAPS, configMap('a'))
  await api.update(`${CONFIG_MAPS}/a`, configMap('a', { data: { k: 'v' } }))
  await assert.rejects(
    api.update(`${CONFIG_MAPS}/a`, { ...first, data: { k: 'w' } }),
    reason('Conflict', /the object has been modified/),
  )
})

test('update without a change keeps the version', async () => {
  const { api, store } = await testCluster()
  const first = await api.create(CONFIG_MAPS, configMap('a', { data: { k: 'v' } }))
  const before = store.revision
  const second = await api.update(`${CONFIG_MAPS}/a`, configMap('a', { data: { k: 'v' } }))
  assert.deepEqual(second, first)
  assert.equal(store.revision, before)
})

test('update of the spec counts the generation up, of labels not', async () => {
  const { api } = await testCluster()
  await api.create(DEPLOYMENTS, deployment('d'))
  const labelled = await api.patch(`${DEPLOYMENTS}/d`, { metadata: { labels: { a: 'b' } } })
  assert.equal(labelled['metadata']?.['generation'], 1)
  const scaled = await api.patch(`${DEPLOYMENTS}/d`, { spec: { replicas: 5 } })
  assert.equal(scaled['metadata']?.['generation'], 2)
})

test('update of the status leaves the spec alone, and the other way round', async () => {
  const { api } = await testCluster()
  const made = await api.create(DEPLOYMENTS, deployment('d'))
  const wish = { ...made, spec: { ...made['spec'], replicas: 9 }, status: { replicas: 3 } }
  const status = await api.update(`${DEPLOYMENTS}/d/status`, wish)
  assert.equal(status['spec']?.['replicas'], 1)
  assert.equal(status['status']?.['replicas'], 3)
  const spec = await api.patch(`${DEPLOYMENTS}/d`, {
    spec: { replicas: 2 },
    status: { replicas: 7 },
  })
  assert.equal(spec['spec']?.['replicas'], 2)
  assert.equal(spec['status']?.['replicas'], 3)
})

test('writes side by side without a version all take effect', async () => {
  const { api } = await testCluster()
  await api.create(CONFIG_MAPS, configMap('a'))
  const keys = ['a', 'b', 'c', 'd', 'e']
  await Promise.all(keys.map((key) => api.patch(`${CONFIG_MAPS}/a`, { data: { [key]: key } })))
  const { data } = await api.get(`${CONFIG_MAPS}/a`)
  assert.deepEqual(Object.keys(data!).toSorted(), keys)
})

test('objects handed out cannot be changed', async () => {
  const { api } = await testCluster()
  const made = await api.create(CONFIG_MAPS, configMap('a', { data: { k: 'v' } }))
  assert.throws(() => Object.assign(made['data']!, { k: 'w' }), TypeError)
})

test('a method that a path does not have is refused', async () => {
  const { api } = await testCluster()
  await assert.rejects(api.create(`${CONFIG_MAPS}/a`, {}), reason('MethodNotAllowed'))
  await assert.rejects(
    api.get('/api/v1/nothings'),
    reason('NotFound', /^the server could not find the requested resource$/),
  )
})
