import assert from 'node:assert/strict'
import { test } from 'node:test'
import { cgroupHierarchies } from './cgroup-hierarchies.ts'
import type { Mount } from './mounts.ts'

const mount = (type: string, target: string, superOptions: string[]): Mount => ({
  target,
  type,
  source: type,
  options: ['rw'],
  superOptions: ['rw', ...superOptions],
  isShared: false,
})
const unified = mount('cgroup2', '/sys/fs/cgroup/unified', [])
const memory = mount('cgroup', '/sys/fs/cgroup/memory', ['memory'])
const cpu = mount('cgroup', '/sys/fs/cgroup/cpu,cpuacct', ['cpu', 'cpuacct'])
const named = mount('cgroup', '/sys/fs/cgroup/systemd', ['xattr', 'name=systemd'])

test('cgroupHierarchies takes v1 where limits are in v1, with the idle unified one beside', () => {
  const { version, all } = cgroupHierarchies([unified, memory, cpu, named])
  assert.equal(version, 1)
  assert.deepEqual(
    all.map(({ controllers }) => controllers),
    [['memory'], ['cpu', 'cpuacct'], [], []],
  )
})

test('cgroupHierarchies takes v2 where only it has controllers, and puts it first', () => {
  const { version, all } = cgroupHierarchies([named, unified])
  assert.equal(version, 2)
  assert.equal(all[0]?.root, '/sys/fs/cgroup/unified')
})

test('cgroupHierarchies counts a hierarchy once that is mounted twice', () => {
  const twice = { ...memory, target: '/elsewhere' }
  assert.equal(cgroupHierarchies([memory, twice]).all.length, 1)
})

test('cgroupHierarchies says how to mend a computer without cgroups', () => {
  assert.throws(() => cgroupHierarchies([]), /mount -t cgroup2/)
})
