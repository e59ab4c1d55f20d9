import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { fakeClock, settle } from '#base/fake-clock.ts'
import { silentLogger } from '#base/log.ts'
import { seededRandom } from '#base/random.ts'
import { createClient } from '#client/create-client.ts'
import { fakeApi } from '#client/fake-api.ts'
import { createInformer } from '#client/informer.ts'
import type { NodeSystemInfo } from '#kinds/k8s/core.ts'
import { conditionOf } from '#kinds/meta.ts'
import { leases, nodes } from '#kinds/refs.ts'
import type { Reach } from './machine-reach.ts'
import type { NodeMachine } from './node-machine.ts'
import { NodeReporter } from './node-reporter.ts'

const machine: NodeMachine = {
  zone: 'a',
  region: 'here',
  address: '10.64.0.11',
  podCIDR: '10.64.64.0/24',
  runtimeSocket: '/nowhere',
  directory: '/nowhere',
  runDirectory: '/nowhere',
  podsCgroup: '/nowhere',
  capacity: { cpu: '2' },
  allocatable: { cpu: '1' },
  instanceType: 'small',
}

const LEASE = { namespace: 'kube-node-lease', name: 'm1' }

async function setUp(reach: Reach) {
  const clock = fakeClock()
  const api = fakeApi({ clock })
  const common = { client: createClient(api.call), clock, log: silentLogger }
  const informer = createInformer({ ...common, kind: nodes, random: seededRandom(1) })
  const world: { reach: Reach; problem: string | undefined } = { reach, problem: undefined }
  const reporter = new NodeReporter({
    ...common,
    nodeName: 'm1',
    machine,
    informer,
    reach: () => world.reach,
    runtimeProblem: () => world.problem,
    info: () => ({ architecture: 'amd64' }) as NodeSystemInfo,
  })
  informer.start()
  await informer.synced
  await reporter.start()
  const stop = async () => {
    await reporter.stop()
    await informer.stop()
  }
  const readyOf = () =>
    conditionOf(api.get(nodes, { name: 'm1' })?.status?.conditions, 'Ready')?.status
  const renewedAt = () => api.get(leases, LEASE)?.spec.renewTime
  /** As the node lifecycle controller says of a node that it takes for lost. */
  const doubt = async () => {
    const node = api.get(nodes, { name: 'm1' })!
    const conditions = [{ type: 'Ready', status: 'Unknown' }]
    api.put(nodes, { ...node, status: { ...node.status, conditions } })
    await settle()
  }
  return { clock, world, reporter, stop, readyOf, renewedAt, doubt }
}

describe('NodeReporter', () => {
  test('says Ready and renews the lease while the machine answers and its runtime works', async () => {
    const { clock, stop, readyOf, renewedAt } = await setUp('answering')
    assert.equal(readyOf(), 'True')
    await clock.advance(1_000)
    const before = renewedAt()
    await clock.advance(1_000)
    assert.notEqual(renewedAt(), before)
    await stop()
  })

  test('says Unknown at once, and renews no lease, when the machine does not answer', async () => {
    const { clock, world, reporter, stop, readyOf, renewedAt } = await setUp('answering')
    world.reach = 'silent'
    await reporter.healthChanged()
    assert.equal(readyOf(), 'Unknown')
    const before = renewedAt()
    await clock.advance(120_000)
    assert.equal(readyOf(), 'Unknown')
    assert.equal(renewedAt(), before)
    world.reach = 'answering'
    await reporter.healthChanged()
    assert.equal(readyOf(), 'True')
    assert.notEqual(renewedAt(), before)
    await stop()
  })

  test('says NotReady for a runtime that is down, whether the machine answers or not', async () => {
    const { world, reporter, stop, readyOf } = await setUp('answering')
    world.problem = 'container runtime is down'
    world.reach = 'silent'
    await reporter.healthChanged()
    assert.equal(readyOf(), 'False')
    await stop()
  })

  test('contradicts at once whoever takes a machine that answers for lost', async () => {
    const { stop, readyOf, doubt } = await setUp('answering')
    await doubt()
    assert.equal(readyOf(), 'True')
    await stop()
  })

  test('leaves what others say of a silent machine', async () => {
    const { clock, world, reporter, stop, readyOf, doubt } = await setUp('answering')
    world.reach = 'silent'
    await reporter.healthChanged()
    await doubt()
    await clock.advance(120_000)
    assert.equal(readyOf(), 'Unknown')
    await stop()
  })

  test('a new node is not ready before its machine was heard, and a known one stays as it is', async () => {
    const { clock, world, reporter, stop, readyOf, doubt } = await setUp('unknown')
    assert.equal(readyOf(), 'False')
    await doubt()
    await clock.advance(2_000)
    assert.equal(readyOf(), 'Unknown')
    world.reach = 'answering'
    await reporter.healthChanged()
    assert.equal(readyOf(), 'True')
    await stop()
  })
})
