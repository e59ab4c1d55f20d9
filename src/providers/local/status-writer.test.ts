import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createClient } from '#client/create-client.ts'
import { fakeApi } from '#client/fake-api.ts'
import { type Machine, machines } from '#kinds/ccs/machine.ts'
import { changedByOthers, setFinalizer, writeStatus } from './status-writer.ts'

const machine: Machine = {
  apiVersion: 'ccs.dev/v1alpha1',
  kind: 'Machine',
  metadata: { name: 'm1' },
  spec: { cluster: 'local', zone: 'a', type: 'small', power: 'Running' },
  status: { phase: 'Pending' },
}
const target = { kind: machines, name: 'm1' }

function setUp() {
  const api = fakeApi({ kinds: [machines] })
  api.put(machines, machine)
  return { api, client: createClient(api.call), now: () => api.get(machines, { name: 'm1' }) }
}

test('writeStatus writes what changed and nothing when nothing did', async () => {
  const { api, client, now } = setUp()
  await writeStatus(client, target, (status) => ({ ...status, phase: 'Running' as const }))
  assert.equal(now()?.status?.phase, 'Running')
  const { revision } = api
  await writeStatus(client, target, (status) => ({ ...status, phase: 'Running' as const }))
  assert.equal(api.revision, revision)
})

test('setFinalizer adds once, removes, and does not mind an object that is gone', async () => {
  const { api, client, now } = setUp()
  const add = { finalizer: 'ccs.dev/x', present: true }
  await setFinalizer(client, target, add)
  await setFinalizer(client, target, add)
  assert.deepEqual(now()?.metadata.finalizers, ['ccs.dev/x'])
  await setFinalizer(client, target, { ...add, present: false })
  assert.deepEqual(now()?.metadata.finalizers ?? [], [])
  api.remove(machines, { name: 'm1' })
  await setFinalizer(client, target, { ...add, present: false })
})

test('changedByOthers sees a new wish but not our own status', () => {
  const status: Machine = { ...machine, status: { phase: 'Failed' } }
  assert.equal(changedByOthers(status, machine), false)
  const stopped: Machine = { ...machine, spec: { ...machine.spec, power: 'Stopped' } }
  assert.equal(changedByOthers(stopped, machine), true)
  const going: Machine = {
    ...machine,
    metadata: { name: 'm1', deletionTimestamp: '2026-01-01T00:00:00Z' },
  }
  assert.equal(changedByOthers(going, machine), true)
})
