import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fakeClock } from '#base/fake-clock.ts'
import { silentLogger } from '#base/log.ts'
import { seededRandom } from '#base/random.ts'
import { createClient } from '#client/create-client.ts'
import { fakeApi } from '#client/fake-api.ts'
import { createInformerFactory } from '#client/informer-factory.ts'
import { type Machine, machines } from '#kinds/ccs/machine.ts'
import type { Pod } from '#kinds/k8s/core.ts'
import { conditionOf } from '#kinds/meta.ts'
import { deployments, nodes, pods } from '#kinds/refs.ts'
import { MachineDrainController } from './machine-drain-controller.ts'
import { MOVED_OFF } from './sole-instance.ts'

const machine: Machine = {
  apiVersion: 'ccs.dev/v1alpha1',
  kind: 'Machine',
  metadata: { name: 'm1', generation: 2 },
  spec: { cluster: 'local', zone: 'a', type: 't', power: 'Stopped' },
  status: { phase: 'Running' },
}

const instance = (name: string, nodeName: string, ready = true): Pod => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, namespace: 'shop', labels: { 'ccs.dev/service': 'web' } },
  spec: { nodeName, containers: [] },
  status: {
    phase: 'Running',
    conditions: [{ type: 'Ready', status: ready ? 'True' : 'False' }],
  },
})

async function world(instances: readonly Pod[]) {
  const clock = fakeClock()
  const common = { clock, random: seededRandom(1), log: silentLogger }
  const side = () => {
    const api = fakeApi({ clock, random: seededRandom(2), kinds: [machines] })
    const client = createClient(api.call)
    return { api, client, informers: createInformerFactory({ client, ...common }) }
  }
  const hub = side()
  const member = side()
  hub.api.put(machines, machine)
  member.api.put(nodes, { apiVersion: 'v1', kind: 'Node', metadata: { name: 'm1' }, spec: {} })
  member.api.put(deployments, {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'web', namespace: 'shop' },
    spec: { selector: {}, template: {} },
  })
  for (const pod of instances) member.api.put(pods, pod)
  const controller = new MachineDrainController({
    ...common,
    hub,
    members: {
      get: () => member,
      all: () => new Map([['local', member]]),
      onAdded: (listener) => listener('local', member),
    },
  })
  hub.informers.start()
  member.informers.start()
  await clock.advance(100)
  controller.start()
  await clock.advance(1_000)
  return {
    clock,
    controller,
    member: member.api,
    drained: () => {
      const { status } = hub.api.get(machines, { name: 'm1' })!
      return conditionOf(status?.conditions, 'Drained')
    },
    movedOff: () => {
      const deployment = member.api.get(deployments, { namespace: 'shop', name: 'web' })
      return deployment?.spec.template.metadata?.annotations?.[MOVED_OFF]
    },
    isDeleted: (name: string) => {
      const pod = member.api.get(pods, { namespace: 'shop', name })
      return pod === undefined || pod.metadata.deletionTimestamp !== undefined
    },
  }
}

test('MachineDrainController cordons, evicts, and says that the machine is empty', async () => {
  const seen = await world([instance('web-1', 'm1'), instance('web-2', 'm2')])
  assert.equal(seen.member.get(nodes, { name: 'm1' })?.spec.unschedulable, true)
  assert.equal(seen.isDeleted('web-1'), true)
  assert.equal(seen.isDeleted('web-2'), false)
  assert.equal(seen.movedOff(), undefined)
  seen.member.remove(pods, { namespace: 'shop', name: 'web-1' })
  await seen.clock.advance(2_000)
  assert.equal(seen.drained()?.reason, 'NoPodsLeft')
  await seen.controller.stop()
})

test('MachineDrainController brings up another before the only instance of a service goes', async () => {
  const seen = await world([instance('web-1', 'm1'), instance('web-2', 'm2', false)])
  assert.equal(seen.movedOff(), 'm1/2')
  assert.equal(seen.isDeleted('web-1'), false, 'it serves until the other does')
  seen.member.put(pods, instance('web-3', 'm2'))
  await seen.clock.advance(2_000)
  assert.equal(seen.isDeleted('web-1'), true)
  await seen.controller.stop()
})

test('MachineDrainController stops waiting after a minute: its user asked for the machine to stop', async () => {
  const seen = await world([instance('web-1', 'm1')])
  await seen.clock.advance(30_000)
  assert.equal(seen.drained(), undefined)
  await seen.clock.advance(40_000)
  assert.equal(seen.drained()?.reason, 'DeadlinePassed')
  await seen.controller.stop()
})
