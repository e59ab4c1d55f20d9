import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ConfigMap, Pod, ResourceQuota, Service } from '#kinds/k8s/core.ts'
import type { CustomResourceDefinition } from '#kinds/k8s/apiextensions.ts'
import type { KindRef } from '#kinds/ref.ts'
import {
  configMaps,
  customResourceDefinitions,
  pods,
  resourceQuotas,
  services,
} from '#kinds/refs.ts'
import { controllerBench } from './controller-bench.ts'
import { createResourceQuotaController } from './resource-quota.ts'

const quota = (hard: Record<string, string>): ResourceQuota => ({
  apiVersion: 'v1',
  kind: 'ResourceQuota',
  metadata: { name: 'q', namespace: 'n' },
  spec: { hard },
})
const place = { namespace: 'n', name: 'q' }
const map = (name: string, namespace = 'n'): ConfigMap => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, namespace },
})
const pod = (phase: 'Running' | 'Succeeded'): Pod => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'p', namespace: 'n' },
  spec: { containers: [{ name: 'main', resources: { requests: { cpu: '100m' } } }] },
  status: { phase },
})

async function bench(options: { kinds?: KindRef[] } = {}) {
  const made = controllerBench(createResourceQuotaController, options)
  await made.settle()
  return { ...made, usedNow: () => made.api.get(resourceQuotas, place)?.status?.used }
}

test('a quota tells at once what its namespace uses', async () => {
  const { api, settle, stop } = await bench()
  for (const name of ['a', 'b']) api.put(configMaps, map(name))
  api.put(configMaps, map('c', 'other'))
  const hard = { configmaps: '3', 'count/deployments.apps': '1', 'requests.cpu': '1' }
  api.put(resourceQuotas, quota(hard))
  await settle()
  assert.deepEqual(api.get(resourceQuotas, place)?.status, {
    hard,
    used: { configmaps: '2', 'count/deployments.apps': '0', 'requests.cpu': '0' },
  })
  await stop()
})

test('a quota follows what is deleted, what ends, and what shrinks', async () => {
  const { api, usedNow, settle, clock, stop } = await bench()
  api.put(configMaps, map('a'))
  api.put(pods, pod('Running'))
  const service: Service = {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 's', namespace: 'n' },
    spec: { type: 'NodePort', ports: [{ port: 80 }] },
  }
  api.put(services, service)
  api.put(
    resourceQuotas,
    quota({ configmaps: '3', pods: '2', 'requests.cpu': '1', 'services.nodeports': '1' }),
  )
  await settle()
  await clock.advance(1_000)
  assert.deepEqual(usedNow(), {
    configmaps: '1',
    pods: '1',
    'requests.cpu': '100m',
    'services.nodeports': '1',
  })
  api.remove(configMaps, { namespace: 'n', name: 'a' })
  api.put(pods, pod('Succeeded'))
  api.put(services, { ...service, spec: { ...service.spec, type: 'ClusterIP' } })
  await settle()
  assert.deepEqual(usedNow(), {
    configmaps: '0',
    pods: '0',
    'requests.cpu': '0',
    'services.nodeports': '0',
  })
  await stop()
})

test('a quota has the bounds it asks for now', async () => {
  const { api, settle, stop } = await bench()
  api.put(resourceQuotas, quota({ configmaps: '3' }))
  await settle()
  api.put(resourceQuotas, { ...api.get(resourceQuotas, place)!, spec: { hard: { secrets: '1' } } })
  await settle()
  assert.deepEqual(api.get(resourceQuotas, place)?.status, {
    hard: { secrets: '1' },
    used: { secrets: '0' },
  })
  await stop()
})

test('a charge that comes while a quota is counted is not lost', async () => {
  const { api, usedNow, settle, stop } = await bench()
  api.put(resourceQuotas, quota({ configmaps: '9' }))
  await settle()
  const counted = api.get(resourceQuotas, place)!
  // The API stores the object and the charge together; the count in between is refused.
  api.put(configMaps, map('a'))
  api.put(resourceQuotas, {
    ...counted,
    spec: { hard: { configmaps: '8' } },
    status: { ...counted.status, used: { configmaps: '1' } },
  })
  await settle()
  assert.deepEqual(usedNow(), { configmaps: '1' })
  await stop()
})

test('a quota counts custom objects as long as they are served', async () => {
  const boats: KindRef = {
    group: 'example.com',
    version: 'v1',
    kind: 'Boat',
    plural: 'boats',
    namespaced: true,
  }
  const { api, usedNow, settle, clock, stop } = await bench({ kinds: [boats] })
  api.put(resourceQuotas, quota({ 'count/boats.example.com': '2' }))
  await settle()
  assert.deepEqual(usedNow(), {})
  const definition: CustomResourceDefinition = {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: 'boats.example.com' },
    spec: {
      group: 'example.com',
      scope: 'Namespaced',
      names: { kind: 'Boat', plural: 'boats' },
      versions: [{ name: 'v1', served: true, storage: true }],
    },
  }
  const boat = {
    apiVersion: 'example.com/v1',
    kind: 'Boat',
    metadata: { name: 'b', namespace: 'n' },
  }
  api.put(boats, boat)
  api.put(customResourceDefinitions, definition)
  await settle()
  await clock.advance(1_000)
  assert.deepEqual(usedNow(), { 'count/boats.example.com': '1' })
  api.remove(boats, boat.metadata)
  await settle()
  assert.deepEqual(usedNow(), { 'count/boats.example.com': '0' })
  await stop()
})

test('a quota that says the wrong thing is right again in time', async () => {
  const { api, usedNow, settle, clock, stop } = await bench()
  api.put(resourceQuotas, quota({ configmaps: '3' }))
  await settle()
  const counted = api.get(resourceQuotas, place)!
  api.put(resourceQuotas, { ...counted, status: { ...counted.status, used: { configmaps: '3' } } })
  await clock.advance(6 * 60_000)
  assert.deepEqual(usedNow(), { configmaps: '0' })
  await stop()
})
