import assert from 'node:assert/strict'
import { test } from 'node:test'
import { rfc3339 } from '#base/clock.ts'
import { StatusError } from '#base/errors.ts'
import { createClient } from '#client/create-client.ts'
import type { Event, Namespace, Pod } from '#kinds/k8s/core.ts'
import type { PodDisruptionBudget } from '#kinds/k8s/policy.ts'
import {
  configMaps,
  events,
  namespaces,
  podDisruptionBudgets,
  pods,
  serviceAccounts,
} from '#kinds/refs.ts'
import { controllerBench } from './controller-bench.ts'
import { createDisruptionController } from './disruption.ts'
import { createEventExpiryController } from './event-expiry.ts'
import { createNamespaceController } from './namespace.ts'
import { createRootCaController } from './root-ca.ts'
import { createServiceAccountController } from './service-account.ts'

const namespace = (name: string): Namespace => ({
  apiVersion: 'v1',
  kind: 'Namespace',
  metadata: { name },
  spec: { finalizers: ['kubernetes'] },
  status: { phase: 'Active' },
})

const pod = (name: string, ready = true): Pod => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, namespace: 'n', labels: { app: 'web' } },
  spec: { nodeName: 'node', containers: [{ name: 'main', image: 'x' }] },
  status: { phase: 'Running', conditions: [{ type: 'Ready', status: ready ? 'True' : 'False' }] },
})

test('namespace controller deletes pods first, then all else, then the namespace', async () => {
  const { api, clock, settle, stop } = controllerBench(createNamespaceController)
  api.put(namespaces, namespace('n'))
  api.put(pods, pod('p'))
  const metadata = { name: 'c', namespace: 'n' }
  api.put(configMaps, { apiVersion: 'v1', kind: 'ConfigMap', metadata })
  api.put(configMaps, {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { ...metadata, namespace: 'm' },
  })
  await settle()
  await createClient(api.call).resource(namespaces).delete({ name: 'n' })
  await settle()
  assert.notEqual(
    api.get(pods, { namespace: 'n', name: 'p' })?.metadata.deletionTimestamp,
    undefined,
  )
  assert.notEqual(api.get(configMaps, metadata), undefined)
  const said = api
    .get(namespaces, { name: 'n' })
    ?.status?.conditions?.map(({ type, status, message }) => `${type} ${status}: ${message}`)
  assert.deepEqual(said, [
    'NamespaceDeletionDiscoveryFailure False: All resources successfully discovered',
    'NamespaceDeletionGroupVersionParsingFailure False: All legacy kube types successfully parsed',
    'NamespaceDeletionContentFailure False: All content successfully deleted, may be waiting on finalization',
    'NamespaceContentRemaining True: Some resources are remaining: pods. has 1 resource instances',
    'NamespaceFinalizersRemaining False: All content-preserving finalizers finished',
  ])
  api.remove(pods, { namespace: 'n', name: 'p' })
  await clock.advance(1000)
  await settle()
  assert.equal(api.get(configMaps, metadata), undefined)
  assert.equal(api.get(namespaces, { name: 'n' }), undefined)
  assert.equal(api.list(configMaps).length, 1)
  await stop()
})

test('namespace controller tells what holds content back, and what could not be deleted', async () => {
  const { api, clock, settle, stop } = controllerBench(createNamespaceController)
  api.put(namespaces, namespace('n'))
  const metadata = { name: 'c', namespace: 'n', finalizers: ['example.com/hold'] }
  api.put(configMaps, { apiVersion: 'v1', kind: 'ConfigMap', metadata })
  api.put(serviceAccounts, {
    apiVersion: 'v1',
    kind: 'ServiceAccount',
    metadata: { name: 'a', namespace: 'n' },
  })
  await settle()
  const error = new StatusError('Forbidden', 'not today')
  api.fail({ method: 'DELETE', path: /serviceaccounts/, error, times: 2 })
  await createClient(api.call).resource(namespaces).delete({ name: 'n' })
  await settle()
  const messageOf = (wanted: string) =>
    api
      .get(namespaces, { name: 'n' })
      ?.status?.conditions?.find(({ type, status }) => type === wanted && status === 'True')
      ?.message
  assert.equal(
    messageOf('NamespaceDeletionContentFailure'),
    'Failed to delete all resource types, 1 remaining: serviceaccounts "a" could not be deleted: not today',
  )
  assert.equal(
    messageOf('NamespaceContentRemaining'),
    'Some resources are remaining: configmaps. has 1 resource instances',
  )
  assert.equal(
    messageOf('NamespaceFinalizersRemaining'),
    'Some content in the namespace has finalizers remaining: example.com/hold in 1 resource instances',
  )
  await clock.advance(1000)
  assert.equal(messageOf('NamespaceDeletionContentFailure'), undefined)
  api.remove(configMaps, metadata)
  await clock.advance(1000)
  assert.equal(api.get(namespaces, { name: 'n' }), undefined)
  await stop()
})

test('namespace controller keeps a namespace while it cannot know all that is in it', async () => {
  const { api, clock, settle, stop } = controllerBench(createNamespaceController)
  api.put(namespaces, namespace('n'))
  await settle()
  const error = new StatusError('ServiceUnavailable', 'no endpoints')
  api.fail({ path: /^\/apis\/apps\/v1$/, error, times: 2 })
  await createClient(api.call).resource(namespaces).delete({ name: 'n' })
  await settle()
  const [first] = api.get(namespaces, { name: 'n' })?.status?.conditions ?? []
  assert.equal(
    first?.message,
    'Discovery failed for some groups, 1 failing: unable to retrieve the complete list of server APIs: apps/v1: no endpoints',
  )
  await clock.advance(1000)
  assert.equal(api.get(namespaces, { name: 'n' }), undefined)
  await stop()
})

test('service account controller gives each namespace its account, again and again', async () => {
  const { api, settle, stop } = controllerBench(createServiceAccountController)
  api.put(namespaces, namespace('n'))
  await settle()
  const account = { namespace: 'n', name: 'default' }
  assert.notEqual(api.get(serviceAccounts, account), undefined)
  api.remove(serviceAccounts, account)
  await settle()
  assert.notEqual(api.get(serviceAccounts, account), undefined)
  await stop()
})

test('root CA controller gives each namespace the CA to trust, and makes it right again', async () => {
  const { api, settle, stop } = controllerBench((context) =>
    createRootCaController(context, { rootCaPem: 'PEM' }),
  )
  api.put(namespaces, namespace('n'))
  await settle()
  const ca = { namespace: 'n', name: 'kube-root-ca.crt' }
  const { data, metadata } = api.get(configMaps, ca)!
  assert.deepEqual(data, { 'ca.crt': 'PEM' })
  assert.match(metadata.annotations?.['kubernetes.io/description'] ?? '', /^Contains a CA bundle/)
  api.put(configMaps, {
    ...api.get(configMaps, ca)!,
    metadata: { ...metadata, annotations: { own: 'yes' } },
    data: { 'ca.crt': 'other', more: 'x' },
  })
  await settle()
  const mended = api.get(configMaps, ca)!
  assert.deepEqual(mended.data, { 'ca.crt': 'PEM' })
  assert.deepEqual(Object.keys(mended.metadata.annotations ?? {}).toSorted(), [
    'kubernetes.io/description',
    'own',
  ])
  api.remove(configMaps, ca)
  await settle()
  assert.notEqual(api.get(configMaps, ca), undefined)
  await stop()
})

test('event expiry removes Events an hour after they were seen last', async () => {
  const { api, clock, settle, stop } = controllerBench(createEventExpiryController)
  const event = (name: string): Event => ({
    apiVersion: 'v1',
    kind: 'Event',
    metadata: { name, namespace: 'n' },
    involvedObject: {},
    lastTimestamp: rfc3339(clock.now()),
  })
  api.put(events, event('old'))
  await clock.advance(1_800_000)
  api.put(events, event('new'))
  await clock.advance(1_900_000)
  await settle()
  assert.deepEqual(
    api.list(events).map(({ metadata }) => metadata.name),
    ['new'],
  )
  await stop()
})

test('disruption controller allows as many evictions as healthy pods can be spared', async () => {
  const { api, settle, stop } = controllerBench(createDisruptionController)
  const budget: PodDisruptionBudget = {
    apiVersion: 'policy/v1',
    kind: 'PodDisruptionBudget',
    metadata: { name: 'b', namespace: 'n' },
    spec: { minAvailable: 2, selector: { matchLabels: { app: 'web' } } },
  }
  for (const name of ['p1', 'p2', 'p3']) api.put(pods, pod(name))
  api.put(podDisruptionBudgets, budget)
  await settle()
  const status = () => {
    const { status: now } = api.get(podDisruptionBudgets, { namespace: 'n', name: 'b' })!
    return [now?.currentHealthy, now?.desiredHealthy, now?.expectedPods, now?.disruptionsAllowed]
  }
  assert.deepEqual(status(), [3, 2, 3, 1])
  api.put(pods, pod('p1', false))
  await settle()
  assert.deepEqual(status(), [2, 2, 3, 0])
  await stop()
})
