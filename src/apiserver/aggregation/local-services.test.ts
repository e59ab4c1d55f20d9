import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Json, listOf, testCluster, textOf } from '../test-cluster.ts'

const SERVICES = '/apis/apiregistration.k8s.io/v1/apiservices'
const DEFINITIONS = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions'

const definition = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: 'boats.sea.example' },
  spec: {
    group: 'sea.example',
    scope: 'Namespaced',
    names: { kind: 'Boat', plural: 'boats' },
    versions: [
      { name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: { type: 'object' } } },
    ],
  },
}

const labelOf = (service: Json) =>
  service['metadata']?.['labels']?.['kube-aggregator.kubernetes.io/automanaged']

test('each group and version that is served has an available service of its own', async () => {
  const { api } = await testCluster()
  const all = listOf((await api.get(SERVICES))['items'])
  const names = all.map(({ metadata }) => textOf(metadata?.['name']))
  for (const name of ['v1.', 'v1.apps', 'v2.autoscaling', 'v1.authorization.k8s.io'])
    assert.ok(names.includes(name), name)
  assert.ok(!names.includes('v1.apiregistration.k8s.io'))
  for (const service of all) {
    const [condition] = listOf(service['status']?.['conditions'])
    assert.deepEqual(
      [condition?.['type'], condition?.['status'], condition?.['reason'], labelOf(service)],
      ['Available', 'True', 'Local', 'onstart'],
    )
  }
})

test('what somebody makes of them is undone', async () => {
  const { api, clock } = await testCluster()
  await api.delete(`${SERVICES}/v1.apps`)
  await api.patch(`${SERVICES}/v1.batch`, { spec: { versionPriority: 3 } })
  await clock.advance(1_000)
  assert.equal((await api.get(`${SERVICES}/v1.apps`))['kind'], 'APIService')
  assert.equal((await api.get(`${SERVICES}/v1.batch`))['spec']?.['versionPriority'], 15)
})

test('they come and go with definitions of custom resources', async () => {
  const { api, clock } = await testCluster()
  await api.create(DEFINITIONS, definition)
  await clock.advance(1_000)
  const service = await api.get(`${SERVICES}/v1.sea.example`)
  assert.equal(labelOf(service), 'true')
  assert.equal(service['spec']?.['groupPriorityMinimum'], 1_000)
  await api.delete(`${DEFINITIONS}/boats.sea.example`)
  await clock.advance(5_000)
  await assert.rejects(api.get(`${SERVICES}/v1.sea.example`), { reason: 'NotFound' })
})
