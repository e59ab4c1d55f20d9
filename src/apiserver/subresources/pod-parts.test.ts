import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { TestApi } from '../test-cluster.ts'
import { listOf, PODS, pod, serviceAccount, testCluster } from '../test-cluster.ts'

const STRATEGIC = 'application/strategic-merge-patch+json'

async function clusterWithPod(spec: object, metadata: object = {}): Promise<TestApi> {
  const { api } = await testCluster()
  await api.create('/api/v1/namespaces/default/serviceaccounts', serviceAccount('default'))
  await api.create(PODS, pod('p', spec, metadata))
  return api
}

const debug = (api: TestApi, ...ephemeralContainers: object[]) =>
  api.patch(`${PODS}/p/ephemeralcontainers`, { spec: { ephemeralContainers } }, STRATEGIC)

test('ephemeralcontainers adds a container with its defaults, and nothing else', async () => {
  const api = await clusterWithPod({})
  const path = `${PODS}/p/ephemeralcontainers`
  const body = {
    metadata: { labels: { a: 'b' } },
    spec: { ephemeralContainers: [{ name: 'debug', image: 'x:1' }], hostNetwork: true },
  }
  const { spec, metadata } = await api.patch(path, body, STRATEGIC)
  assert.deepEqual(spec?.['ephemeralContainers'], [
    {
      name: 'debug',
      image: 'x:1',
      resources: {},
      terminationMessagePath: '/dev/termination-log',
      terminationMessagePolicy: 'File',
      imagePullPolicy: 'IfNotPresent',
    },
  ])
  assert.equal(metadata?.['labels'], undefined)
  assert.equal(metadata?.['generation'], 2)
  assert.equal(spec?.['hostNetwork'], undefined)
  assert.deepEqual((await api.get(path))['spec'], spec)
})

test('ephemeralcontainers refuses what such a container may not have', async () => {
  const api = await clusterWithPod({})
  const refused = async (container: object, message: string) =>
    assert.rejects(debug(api, { name: 'debug', image: 'x:1', ...container }), {
      message: `Pod "p" is invalid: spec.ephemeralContainers[0].${message}`,
    })
  const why = 'Forbidden: cannot be set for an Ephemeral Container'
  await refused({ ports: [{ containerPort: 80 }] }, `ports: ${why}`)
  await refused({ resources: { limits: { cpu: 1 } } }, `resources: ${why}`)
  await refused({ readinessProbe: { exec: { command: ['x'] } } }, `readinessProbe: ${why}`)
  await refused({ name: 'main' }, 'name: Duplicate value: "main"')
  await refused({ targetContainerName: 'none' }, 'targetContainerName: Not found: "none"')
})

test('ephemeralcontainers neither changes nor removes what was added', async () => {
  const api = await clusterWithPod({})
  await debug(api, { name: 'debug', image: 'x:1' })
  const field =
    'Pod "p" is invalid: spec.ephemeralContainers: Forbidden: existing ephemeral containers "debug" may not be'
  await assert.rejects(debug(api, { name: 'debug', image: 'x:2' }), {
    message: `${field} changed\n@@ -1,6 +1,6 @@\n {\n  "Name": "debug",\n- "Image": "x:1",\n+ "Image": "x:2",\n  "ImagePullPolicy": "IfNotPresent",\n  "TerminationMessagePath": "/dev/termination-log",\n  "TerminationMessagePolicy": "File",\n`,
  })
  await assert.rejects(
    api.patch(`${PODS}/p/ephemeralcontainers`, { spec: { ephemeralContainers: [] } }),
    { message: `${field} removed\n` },
  )
})

test('containers for looking into a pod are neither created with it nor changed by its update', async () => {
  const api = await clusterWithPod({})
  const ephemeralContainers = [{ name: 'debug', image: 'x:1' }]
  await assert.rejects(api.create(PODS, pod('q', { ephemeralContainers })), {
    message: 'Pod "q" is invalid: spec.ephemeralContainers: Forbidden: cannot be set on create',
  })
  await assert.rejects(api.patch(`${PODS}/p`, { spec: { ephemeralContainers } }), {
    reason: 'Invalid',
    message: /pod updates may not change fields other than/,
  })
})

const withResources = (resources: object, more: object = {}) => ({
  containers: [{ name: 'main', image: 'busybox', resources }],
  ...more,
})

const resize = (api: TestApi, resources: object, more: object = {}) =>
  api.patch(
    `${PODS}/p/resize`,
    { spec: { containers: [{ name: 'main', resources, ...more }] } },
    STRATEGIC,
  )

test('resize changes CPU and memory, and nothing else', async () => {
  const api = await clusterWithPod(withResources({ requests: { cpu: '100m', memory: '1Gi' } }))
  const { spec, metadata } = await resize(
    api,
    { requests: { cpu: '200m' }, limits: { memory: '2Gi' } },
    { image: 'other' },
  )
  const [main] = listOf(spec?.['containers'])
  assert.equal(main?.['image'], 'busybox')
  assert.deepEqual(main?.['resources'], {
    requests: { cpu: '200m', memory: '1Gi' },
    limits: { memory: '2Gi' },
  })
  assert.equal(metadata?.['generation'], 2)
})

test('resize keeps the class of a pod, what it has, and other resources', async () => {
  const api = await clusterWithPod(
    withResources({
      requests: { cpu: '1', 'example.com/gpu': 1 },
      limits: { cpu: '2', 'example.com/gpu': 1 },
    }),
  )
  const requests = { cpu: null }
  await assert.rejects(resize(api, { requests, limits: { cpu: null } }), {
    message:
      'Pod "p" is invalid: [spec: Invalid value: "Burstable": Pod QOS Class may not change as a result of resizing, spec.containers[0].resources.requests: Forbidden: resource requests cannot be removed, spec.containers[0].resources.limits: Forbidden: resource limits cannot be removed]',
  })
  const more = { 'example.com/gpu': 2 }
  await assert.rejects(resize(api, { requests: more, limits: more }), {
    message: /^Pod "p" is invalid: spec: Forbidden: only cpu and memory resources are mutable\n@@ /,
  })
})

test('how a pod is resized is settled when it is made', async () => {
  const api = await clusterWithPod(withResources({ requests: { cpu: 1 } }))
  const resizePolicy = [{ resourceName: 'cpu', restartPolicy: 'NotRequired' }]
  await assert.rejects(resize(api, {}, { resizePolicy }), {
    message: /only cpu and memory resources are mutable/,
  })
})

test('resize of a pod without requests is refused as recorded', async () => {
  const api = await clusterWithPod({})
  await assert.rejects(resize(api, { requests: { cpu: '10m' } }), {
    message:
      'Pod "p" is invalid: spec: Invalid value: "BestEffort": Pod QOS Class may not change as a result of resizing',
  })
})

test('a pod that mirrors one of its node is neither resized nor looked into', async () => {
  const api = await clusterWithPod({}, { annotations: { 'kubernetes.io/config.mirror': 'x' } })
  await assert.rejects(debug(api, { name: 'debug', image: 'x:1' }), {
    message: /static pods do not support ephemeral containers/,
  })
  await assert.rejects(resize(api, { requests: { cpu: 1 } }), {
    message: /static pods cannot be resized/,
  })
})
