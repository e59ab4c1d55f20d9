import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { type TestContext, test } from 'node:test'
import { MemoryInUseError } from './cgroup-limits.ts'
import { cgroupTree } from './cgroups.ts'

/** Directories and files like the kernel's, without its checks. */
function fakeHierarchy(t: TestContext, files: Record<string, string>): string {
  const root = mkdtempSync(path.join(tmpdir(), 'ccs-cgroups-'))
  t.after(() => rmSync(root, { recursive: true }))
  for (const [file, content] of Object.entries(files)) {
    mkdirSync(path.dirname(path.join(root, file)), { recursive: true })
    writeFileSync(path.join(root, file), content)
  }
  return root
}
const read = (root: string, file: string) => readFileSync(path.join(root, file), 'utf8')

test('CgroupTree on v2 hands controllers down to every cgroup on the way, not beyond', (t) => {
  const files = {
    'cgroup.controllers': 'cpu memory pids hugetlb',
    'cgroup.subtree_control': 'cpu',
    'ccs-x/cgroup.controllers': 'cpu memory pids',
    'ccs-x/cgroup.subtree_control': '',
    'ccs-x/m/cgroup.controllers': 'cpu memory pids',
  }
  const root = fakeHierarchy(t, files)
  const tree = cgroupTree({ version: 2, all: [{ root, controllers: [] }] })
  tree.create('/ccs-x/m')
  assert.equal(read(root, 'cgroup.subtree_control'), '+memory +pids')
  assert.equal(read(root, 'ccs-x/cgroup.subtree_control'), '+cpu +memory +pids')
  assert.throws(() => read(root, 'ccs-x/m/cgroup.subtree_control'))
})

test('CgroupTree on v2 writes limits in its own words', (t) => {
  const root = fakeHierarchy(t, { 'a/memory.current': '1000', 'a/memory.stat': 'inactive_file 0' })
  const tree = cgroupTree({ version: 2, all: [{ root, controllers: [] }] })
  tree.setLimits('/a', { cpuMillis: 1500, memoryBytes: 4096, pidsMax: 10 })
  assert.equal(read(root, 'a/cpu.max'), '150000 100000')
  assert.equal(read(root, 'a/memory.max'), '4096')
  assert.equal(read(root, 'a/pids.max'), '10')
})

test('CgroupTree on v1 cuts the CPU quotas below before the one above falls', (t) => {
  const files = {
    'a/pods/cpu.cfs_quota_us': '200000',
    'a/pods/cpu.cfs_period_us': '100000',
    'a/pods/p1/cpu.cfs_quota_us': '50000',
    'a/pods/p1/cpu.cfs_period_us': '50000',
    'a/pods/p2/cpu.cfs_quota_us': '-1',
    'a/pods/p2/cpu.cfs_period_us': '100000',
  }
  const root = fakeHierarchy(t, files)
  const tree = cgroupTree({ version: 1, all: [{ root, controllers: ['cpu'] }] })
  tree.setLimits('/a', { cpuMillis: 500 })
  assert.equal(read(root, 'a/cpu.cfs_quota_us'), '50000')
  assert.equal(read(root, 'a/pods/cpu.cfs_quota_us'), '50000')
  assert.equal(read(root, 'a/pods/p1/cpu.cfs_quota_us'), '25000')
  assert.equal(read(root, 'a/pods/p2/cpu.cfs_quota_us'), '-1', 'no limit of its own stays none')
})

test('CgroupTree refuses a memory limit below what is in use, cache not counted', (t) => {
  const files = {
    'a/memory.usage_in_bytes': '5000',
    'a/memory.stat': 'cache 2500\ntotal_inactive_file 2000\n',
    'a/memory.limit_in_bytes': '9000',
  }
  const root = fakeHierarchy(t, files)
  const tree = cgroupTree({ version: 1, all: [{ root, controllers: ['memory'] }] })
  assert.throws(() => tree.setLimits('/a', { memoryBytes: 2_999 }), MemoryInUseError)
  assert.equal(read(root, 'a/memory.limit_in_bytes'), '9000')
  tree.setLimits('/a', { memoryBytes: 3_000 })
  assert.equal(read(root, 'a/memory.limit_in_bytes'), '3000')
})

test('CgroupTree lists the processes of all hierarchies and of all below, each once', (t) => {
  const one = fakeHierarchy(t, { 'a/cgroup.procs': '5\n6\n', 'a/b/cgroup.procs': '7\n' })
  const two = fakeHierarchy(t, { 'a/b/cgroup.procs': '7\n8\n' })
  const all = [
    { root: one, controllers: ['cpu'] },
    { root: two, controllers: ['pids'] },
  ]
  const pids = cgroupTree({ version: 1, all }).processes('/a')
  assert.deepEqual(
    pids.toSorted((a, b) => a - b),
    [5, 6, 7, 8],
  )
})
