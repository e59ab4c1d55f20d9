import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Machine } from '#kinds/ccs/machine.ts'
import { MachineAddressBook } from './machine-addresses.ts'
import { MACHINES_MAX, planCluster } from './network-plan.ts'

const plan = planCluster('10.64.0.0/16')
const machine = (name: string, address?: string): Machine => ({
  apiVersion: 'ccs.dev/v1alpha1',
  kind: 'Machine',
  metadata: { name },
  spec: { cluster: 'local', zone: 'a', type: 'small', power: 'Running' },
  ...(address === undefined ? {} : { status: { phase: 'Running', address } }),
})

test('MachineAddressBook gives the lowest free address and keeps what status says', () => {
  const book = new MachineAddressBook()
  const all = [machine('a'), machine('b', '10.64.0.11'), machine('c')]
  assert.equal(book.take(plan, all[1]!, all).address, '10.64.0.11')
  assert.equal(book.take(plan, all[0]!, all).address, '10.64.0.12')
  assert.equal(book.take(plan, all[2]!, all).address, '10.64.0.13')
  assert.equal(book.take(plan, all[0]!, all).address, '10.64.0.12', 'asked again, the same')
})

test('MachineAddressBook gives an address again only after it was released', () => {
  const book = new MachineAddressBook()
  book.take(plan, machine('a'), [])
  assert.equal(book.take(plan, machine('b'), []).address, '10.64.0.12')
  book.release('local', 'a')
  assert.equal(book.take(plan, machine('c'), []).address, '10.64.0.11')
})

test('MachineAddressBook refuses a machine too many', () => {
  const book = new MachineAddressBook()
  for (let i = 0; i < MACHINES_MAX; i++) book.take(plan, machine(`m${i}`), [])
  assert.throws(() => book.take(plan, machine('more'), []), /has its 64 machines/)
})
