import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Secret, ServiceAccount } from '#kinds/k8s/core.ts'
import { secrets, serviceAccounts } from '#kinds/refs.ts'
import { createAccountTokenController } from './account-token.ts'
import { controllerBench } from './controller-bench.ts'

const account = (uid: string): ServiceAccount => ({
  apiVersion: 'v1',
  kind: 'ServiceAccount',
  metadata: { name: 'robot', namespace: 'n', uid },
})
const secret = (more: Partial<Secret> = {}): Secret => ({
  apiVersion: 'v1',
  kind: 'Secret',
  type: 'kubernetes.io/service-account-token',
  metadata: {
    name: 's',
    namespace: 'n',
    annotations: { 'kubernetes.io/service-account.name': 'robot' },
  },
  ...more,
})
const place = { namespace: 'n', name: 's' }
const bench = () =>
  controllerBench((context) => createAccountTokenController(context, { rootCaPem: 'PEM' }))

test('a token Secret is filled for its account', async () => {
  const { api, settle, stop } = bench()
  api.put(serviceAccounts, account('u1'))
  api.put(secrets, secret())
  await settle()
  const { data = {}, metadata } = api.get(secrets, place)!
  const decoded = Object.entries(data).map(([key, value]) => [key, atob(value)])
  assert.deepEqual(Object.fromEntries(decoded), {
    'ca.crt': 'PEM',
    namespace: 'n',
    token: 'token of robot',
  })
  assert.equal(metadata.annotations?.['kubernetes.io/service-account.uid'], 'u1')
  await stop()
})

test('a token Secret keeps its token, and gets back what was taken from it', async () => {
  const { api, settle, stop } = bench()
  api.put(serviceAccounts, account('u1'))
  api.put(secrets, secret({ data: { token: btoa('mine'), extra: btoa('x') } }))
  await settle()
  const { data = {} } = api.get(secrets, place)!
  assert.equal(atob(data['token']!), 'mine')
  assert.equal(atob(data['ca.crt']!), 'PEM')
  assert.equal(atob(data['extra']!), 'x')
  await stop()
})

test('a token Secret goes with its account, and is none of its successor', async () => {
  const { api, settle, stop } = bench()
  api.put(serviceAccounts, account('u1'))
  api.put(secrets, secret())
  api.put(secrets, secret({ type: 'Opaque', metadata: { name: 'other', namespace: 'n' } }))
  await settle()
  api.remove(serviceAccounts, { namespace: 'n', name: 'robot' })
  api.put(serviceAccounts, account('u2'))
  await settle()
  assert.deepEqual(
    api.list(secrets).map(({ metadata }) => metadata.name),
    ['other'],
  )
  await stop()
})
