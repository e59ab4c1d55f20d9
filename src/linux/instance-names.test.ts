import assert from 'node:assert/strict'
import { test } from 'node:test'
import { instanceNames } from './instance-names.ts'
import { LINK_NAME_LENGTH_MAX } from './links.ts'

test('instanceNames keeps links short enough for the kernel', () => {
  assert.ok(instanceNames('abcdef').uplink(126).length <= LINK_NAME_LENGTH_MAX)
})

test('instanceNames tells namespaces apart whose clusters and machines share letters', () => {
  const names = instanceNames('abcdef')
  assert.notEqual(names.machineNamespace('a-b', 'c'), names.machineNamespace('a', 'b-c'))
  assert.notEqual(names.routerNamespace('a-b'), names.machineNamespace('a', 'b'))
  assert.ok(names.machineNamespace('a', 'b').startsWith(names.namespacePrefix))
})

test('instanceNames of one instance never begin with those of another', () => {
  const [one, two] = [instanceNames('abcde'), instanceNames('abcdef')]
  assert.ok(!two.routerNamespace('x').startsWith(one.namespacePrefix))
})
