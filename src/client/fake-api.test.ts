import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isReason } from '#base/errors.ts'
import type { Deployment } from '#kinds/k8s/apps.ts'
import type { Pod } from '#kinds/k8s/core.ts'
import { deployments, pods } from '#kinds/refs.ts'
import { createClient } from './create-client.ts'
import { fakeApi } from './fake-api.ts'

const pod = (name: string, spec: Partial<Pod['spec']> = {}): Pod => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, namespace: 'default', labels: { app: name } },
  spec: { containers: [{ name: 'main', image: 'x' }], ...spec },
})

const deployment = (replicas: number): Deployment => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'd', namespace: 'default' },
  spec: { replicas, selector: {}, template: {} },
})

const place = (name: string) => ({ namespace: 'default', name })

test('fakeApi makes uid, version and name, and nobody can change what it hands out', async () => {
  const client = createClient(fakeApi().call)
  const { metadata } = await client
    .resource(pods)
    .create({ ...pod(''), metadata: { name: '', generateName: 'x-', namespace: 'default' } })
  assert.match(metadata.name, /^x-[a-z0-9]{5}$/)
  assert.match(metadata.uid ?? '', /^[0-9a-f-]{36}$/)
  assert.equal(metadata.resourceVersion, '1')
  assert.throws(() => (metadata.labels = {}), TypeError)
})

test('fakeApi refuses an update with an old version', async () => {
  const resource = createClient(fakeApi().call).resource(deployments)
  const first = await resource.create(deployment(1))
  await resource.update({ ...first, spec: { ...first.spec, replicas: 2 } })
  await assert.rejects(resource.update(first), (error: unknown) => isReason(error, 'Conflict'))
})

test('fakeApi counts generations by spec, keeps status from updates and spec from status', async () => {
  const resource = createClient(fakeApi().call).resource(deployments)
  const first = await resource.create(deployment(1))
  const said = await resource.updateStatus({
    ...first,
    spec: deployment(9).spec,
    status: { replicas: 1 },
  })
  assert.equal(said.spec.replicas, 1)
  assert.equal(said.metadata.generation, 1)
  const next = await resource.update({ ...said, spec: deployment(2).spec, status: {} })
  assert.equal(next.metadata.generation, 2)
  assert.deepEqual(next.status, { replicas: 1 })
})

test('fakeApi ends pods of a node in grace and holds back what has finalizers', async () => {
  const api = fakeApi()
  const resource = createClient(api.call).resource(pods)
  api.put(pods, pod('bound', { nodeName: 'n' }))
  api.put(pods, pod('free'))
  api.put(pods, { ...pod('held'), metadata: { ...pod('held').metadata, finalizers: ['x'] } })
  for (const name of ['bound', 'free', 'held']) await resource.delete(place(name))
  assert.deepEqual(
    api.list(pods).map(({ metadata }) => metadata.name),
    ['bound', 'held'],
  )
  await resource.delete(place('bound'), { gracePeriodSeconds: 0 })
  await resource.patch(place('held'), { metadata: { finalizers: null } })
  assert.deepEqual(api.list(pods), [])
})

test('fakeApi shows a watch with a selector what enters and leaves it', async () => {
  const api = fakeApi()
  const resource = createClient(api.call).resource(pods)
  const abort = new AbortController()
  const { signal } = abort
  const events = resource.watch({ labelSelector: 'app=a', resourceVersion: '0', signal })
  api.put(pods, pod('a'))
  const seen: string[] = []
  for await (const { type, object } of events) {
    seen.push(
      `${type} ${'metadata' in object && 'name' in object.metadata ? object.metadata.name : ''}`,
    )
    if (seen.length === 1) api.put(pods, pod('b'))
    if (seen.length === 1) api.put(pods, { ...pod('a'), metadata: { ...place('a'), labels: {} } })
    if (seen.length === 2) abort.abort()
  }
  assert.deepEqual(seen, ['ADDED a', 'DELETED a'])
})

test('fakeApi can lose the answer of a call that it carried out', async () => {
  const api = fakeApi()
  api.fail({ method: 'POST', error: new Error('connection reset'), afterwards: true })
  await assert.rejects(createClient(api.call).resource(pods).create(pod('a')), /connection reset/)
  assert.equal(api.list(pods).length, 1)
})
