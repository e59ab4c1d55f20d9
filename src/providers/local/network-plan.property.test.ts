import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { overlaps, parseCidr } from '#linux/cidr.ts'
import {
  blockOfNetwork,
  indexOfAddress,
  MACHINES_MAX,
  planCluster,
  planMachine,
} from './network-plan.ts'

const block = fc.integer({ min: 64, max: 126 }).map((n) => `10.${n}.0.0/16`)
const index = fc.integer({ min: 0, max: MACHINES_MAX - 1 })

test('planCluster gives parts that lie in the block and do not overlap', () => {
  fc.assert(
    fc.property(block, (text) => {
      const plan = planCluster(text)
      const { machineCIDR, podCIDR, serviceCIDR } = plan.network
      const uplink = `${plan.gatewayAddress}/${plan.uplinkPrefix}`
      const parts = [machineCIDR, podCIDR, serviceCIDR, uplink].map(parseCidr)
      for (const [i, part] of parts.entries()) {
        assert.ok(overlaps(part, parseCidr(text)))
        for (const other of parts.slice(i + 1)) assert.ok(!overlaps(part, other))
      }
      assert.equal(blockOfNetwork(plan.network), text)
    }),
  )
})

test('planMachine gives every machine its own address and pod range, and finds it again', () => {
  fc.assert(
    fc.property(block, index, index, (text, a, b) => {
      const plan = planCluster(text)
      const [one, two] = [planMachine(plan, a), planMachine(plan, b)]
      assert.equal(indexOfAddress(plan, one.address), a)
      assert.equal(overlaps(parseCidr(one.podCIDR), parseCidr(two.podCIDR)), a === b)
      assert.ok(overlaps(parseCidr(plan.network.podCIDR), parseCidr(one.podCIDR)))
      assert.ok(overlaps(parseCidr(plan.network.machineCIDR), parseCidr(one.address)))
    }),
  )
})

test('planCluster follows the table of the architecture', () => {
  const plan = planCluster('10.64.0.0/16')
  assert.deepEqual(plan.network, {
    machineCIDR: '10.64.0.0/24',
    podCIDR: '10.64.64.0/18',
    serviceCIDR: '10.64.128.0/18',
  })
  assert.equal(plan.routerAddress, '10.64.0.1')
  assert.equal(plan.gatewayAddress, '10.64.1.1')
  assert.equal(plan.uplinkAddress, '10.64.1.2')
  assert.equal(plan.dnsAddress, '10.64.128.10')
  assert.deepEqual(planMachine(plan, 1), { address: '10.64.0.12', podCIDR: '10.64.65.0/24' })
})

test('blockOfNetwork refuses a layout that is not ours and shows the right one', () => {
  const { network } = planCluster('10.64.0.0/16')
  assert.throws(() => blockOfNetwork({ ...network, podCIDR: '10.9.0.0/16' }), /10\.64\.64\.0\/18/)
})
