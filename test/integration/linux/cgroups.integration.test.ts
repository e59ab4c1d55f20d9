import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, test } from 'node:test'
import { systemClock } from '#base/clock.ts'
import { openCgroups } from '#linux/cgroups.ts'
import { identifyProcess, isAlive } from '#linux/process-identity.ts'
import { terminateProcess } from '#linux/signal-process.ts'
import { startDetached } from '#linux/start-detached.ts'

const tree = openCgroups()
const root = `/ccs-test-${randomBytes(3).toString('hex')}`
const directory = mkdtempSync(path.join(tmpdir(), 'ccs-detached-'))
const stdoutFile = path.join(directory, 'out')

after(async () => {
  await tree.kill(root, systemClock)
  tree.remove(root)
  assert.deepEqual(tree.children(root), [])
  rmSync(directory, { recursive: true })
})

test('startDetached puts a process into its cgroup before its first instruction', async () => {
  const cgroup = `${root}/one/system`
  tree.create(cgroup)
  const identity = await startDetached({
    argv: ['/bin/sh', '-c', 'cat /proc/self/cgroup; ps -o sid= $$; sleep 60'],
    stdoutFile,
    cgroup: { tree, path: cgroup },
  })
  while (!/^ *\d+$/m.test(readFileSync(stdoutFile, 'utf8'))) await systemClock.sleep(20)
  const said = readFileSync(stdoutFile, 'utf8')
  assert.ok(said.includes(`memory:${cgroup}`) || said.includes(`0::${cgroup}`), said)
  assert.match(said, new RegExp(`^ *${identity.pid}$`, 'm'), 'it leads its own session')
  assert.ok(tree.processes(`${root}/one`).includes(identity.pid))
  await terminateProcess(identity, { graceMs: 2_000, clock: systemClock })
  assert.equal(isAlive(identity), false)
})

test('a detached process outlives the kill -9 of who started it', async () => {
  const program = `
    import { startDetached } from '${path.resolve('src/linux/start-detached.ts')}'
    const { pid } = await startDetached({ argv: ['sleep', '60'], stdoutFile: '${stdoutFile}' })
    process.stdout.write(String(pid))
    setInterval(() => undefined, 1000)`
  const starter = spawn(process.execPath, ['--input-type=module', '-e', program], { stdio: 'pipe' })
  const said = await new Promise<Buffer>((resolve) => starter.stdout.once('data', resolve))
  const exited = new Promise((resolve) => starter.once('exit', resolve))
  starter.kill('SIGKILL')
  await exited
  const identity = identifyProcess(Number(said.toString()))
  assert.ok(identity !== undefined && isAlive(identity))
  await terminateProcess(identity, { graceMs: 2_000, clock: systemClock })
})

test('CgroupTree.kill ends even processes that fork as fast as they can', async () => {
  const cgroup = `${root}/forks`
  tree.create(cgroup)
  tree.setLimits(cgroup, { pidsMax: 50 })
  await startDetached({
    argv: ['/bin/sh', '-c', 'f() { while :; do sleep 30 & done; }; f'],
    stdoutFile: path.join(directory, 'forks'),
    cgroup: { tree, path: cgroup },
  })
  while (tree.processes(cgroup).length < 20) await systemClock.sleep(20)
  await tree.kill(cgroup, systemClock)
  assert.deepEqual(tree.processes(cgroup), [])
})

test('CgroupTree.setLimits lowers CPU with a child at the old limit, and raises it again', () => {
  const cgroup = `${root}/cpu`
  tree.create(`${cgroup}/pods`)
  for (const cpuMillis of [1500, 500, 1000]) {
    tree.setLimits(cgroup, { cpuMillis })
    tree.setLimits(`${cgroup}/pods`, { cpuMillis: cpuMillis - 100 })
  }
  tree.setLimits(cgroup, { memoryBytes: 64 * 2 ** 20 })
  tree.setLimits(cgroup, { memoryBytes: 128 * 2 ** 20 })
  tree.setLimits(cgroup, { memoryBytes: 32 * 2 ** 20 })
})

test('a zombie is not alive', async () => {
  const child = spawn('/bin/sh', ['-c', 'sleep 0 & exec sleep 30'], { stdio: 'ignore' })
  try {
    const zombie = async (): Promise<number> => {
      const children = readFileSync(`/proc/${child.pid}/task/${child.pid}/children`, 'utf8')
      const pid = Number(children.trim().split(' ')[0])
      const isZombie = pid > 0 && / Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'))
      if (isZombie) return pid
      await systemClock.sleep(20)
      return zombie()
    }
    assert.equal(identifyProcess(await zombie()), undefined)
  } finally {
    child.kill('SIGKILL')
  }
})
