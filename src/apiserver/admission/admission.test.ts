import assert from 'node:assert/strict'
import { test } from 'node:test'
import { forbidden } from '../api-errors.ts'
import {
  CONFIG_MAPS,
  configMap,
  PODS,
  pod,
  serviceAccount,
  testCluster,
  listOf,
  textOf,
} from '../test-cluster.ts'

const SERVICES = '/api/v1/namespaces/default/services'
const SERVICE_ACCOUNTS = '/api/v1/namespaces/default/serviceaccounts'

const service = (name: string, spec: object = {}) => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name },
  spec: { ports: [{ port: 80 }], ...spec },
})

async function clusterForPods() {
  const all = await testCluster()
  await all.api.create(SERVICE_ACCOUNTS, serviceAccount('default'))
  return all
}

test('nothing is made in a namespace that is not there', async () => {
  const { api } = await testCluster()
  await assert.rejects(api.create('/api/v1/namespaces/none/configmaps', configMap('a')), {
    reason: 'NotFound',
    message: 'namespaces "none" not found',
  })
})

test('a pod gets its service account and the token of it', async () => {
  const { api } = await clusterForPods()
  const { spec } = await api.create(PODS, pod('p'))
  assert.equal(spec?.['serviceAccountName'], 'default')
  const [volume] = listOf(spec?.['volumes'])
  assert.match(textOf(volume?.['name']), /^kube-api-access-[a-z0-9]{5}$/)
  const [container] = listOf(spec?.['containers'])
  assert.deepEqual(container?.['volumeMounts'], [
    {
      name: volume?.['name'],
      readOnly: true,
      mountPath: '/var/run/secrets/kubernetes.io/serviceaccount',
    },
  ])
})

test('a pod without a wish for a token gets none', async () => {
  const { api } = await clusterForPods()
  const { spec } = await api.create(PODS, pod('p', { automountServiceAccountToken: false }))
  assert.equal(spec?.['volumes'], undefined)
})

test('a pod of a service account that is not there is refused', async () => {
  const { api } = await testCluster()
  await assert.rejects(api.create(PODS, pod('p', { serviceAccountName: 'nobody' })), {
    reason: 'Forbidden',
    message:
      'pods "p" is forbidden: error looking up service account default/nobody: serviceaccount "nobody" not found',
  })
})

test('a pod tolerates a lost node for five minutes unless it says otherwise', async () => {
  const { api } = await clusterForPods()
  const { spec } = await api.create(PODS, pod('p'))
  const tolerations = listOf(spec?.['tolerations'])
  assert.deepEqual(
    tolerations.map(({ key, tolerationSeconds }) => [key, tolerationSeconds]),
    [
      ['node.kubernetes.io/not-ready', 300],
      ['node.kubernetes.io/unreachable', 300],
    ],
  )
  const own = pod('q', { tolerations: [{ operator: 'Exists' }] })
  assert.deepEqual((await api.create(PODS, own))['spec']?.['tolerations'], [{ operator: 'Exists' }])
})

test('a pod gets the priority of its class', async () => {
  const { api } = await clusterForPods()
  const { spec } = await api.create(PODS, pod('p', { priorityClassName: 'system-node-critical' }))
  assert.equal(spec?.['priority'], 2_000_001_000)
  await assert.rejects(api.create(PODS, pod('q', { priorityClassName: 'none' })), {
    reason: 'Forbidden',
  })
})

test('services get addresses of their own, and give them back', async () => {
  const { api } = await testCluster()
  const [a, b] = [
    await api.create(SERVICES, service('a')),
    await api.create(SERVICES, service('b')),
  ]
  const first = a['spec']?.['clusterIP']
  assert.notEqual(first, b['spec']?.['clusterIP'])
  await assert.rejects(api.create(SERVICES, service('c', { clusterIP: first })), {
    reason: 'Invalid',
    message: /provided IP is already allocated/,
  })
  await api.delete(`${SERVICES}/a`)
  const again = await api.create(SERVICES, service('c', { clusterIP: first }))
  assert.equal(again['spec']?.['clusterIP'], first)
})

test('services made side by side never share an address or port', async () => {
  const { api } = await testCluster()
  const names = Array.from({ length: 20 }, (_, i) => `s${i}`)
  const made = await Promise.all(
    names.map((name) => api.create(SERVICES, service(name, { type: 'NodePort' }))),
  )
  const specs = made.map(
    ({ spec }) => spec as unknown as { clusterIP: string; ports: { nodePort: number }[] },
  )
  assert.equal(new Set(specs.map(({ clusterIP }) => clusterIP)).size, names.length)
  assert.equal(new Set(specs.map(({ ports }) => ports[0]?.nodePort)).size, names.length)
})

test('a service keeps its address through updates that leave it out', async () => {
  const { api } = await testCluster()
  const made = await api.create(SERVICES, service('a'))
  const updated = await api.update(`${SERVICES}/a`, service('a', { ports: [{ port: 81 }] }))
  assert.equal(updated['spec']?.['clusterIP'], made['spec']?.['clusterIP'])
})

test('a refused or dry run sets no address aside', async () => {
  const { api } = await testCluster()
  const dry = await api.create(`${SERVICES}?dryRun=All`, service('a'))
  const address = dry['spec']?.['clusterIP']
  await assert.rejects(api.create(SERVICES, service('b', { clusterIP: address, ports: [] })), {
    reason: 'Invalid',
  })
  const made = await api.create(SERVICES, service('c', { clusterIP: address }))
  assert.equal(made['spec']?.['clusterIP'], address)
})

test('a headless service gets no address', async () => {
  const { api } = await testCluster()
  const { spec } = await api.create(SERVICES, service('a', { clusterIP: 'None' }))
  assert.equal(spec?.['clusterIP'], 'None')
})

test('plugins of the owner change and refuse after the standard ones', async () => {
  const { api } = await testCluster({
    admission: [
      {
        name: 'Test',
        admit({ object, resource }) {
          if (resource === 'configmaps' && object !== undefined)
            object.metadata.labels = { ...object.metadata.labels, seen: 'yes' }
        },
        validate({ object, group, resource, name }) {
          if (object?.metadata.labels?.['bad'] !== undefined)
            throw forbidden({ group, resource }, name, 'it is bad')
        },
      },
    ],
  })
  const made = await api.create(CONFIG_MAPS, configMap('a'))
  assert.deepEqual(made['metadata']?.['labels'], { seen: 'yes' })
  await assert.rejects(api.patch(`${CONFIG_MAPS}/a`, { metadata: { labels: { bad: 'x' } } }), {
    reason: 'Forbidden',
    message: 'configmaps "a" is forbidden: it is bad',
  })
})
