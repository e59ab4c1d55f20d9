// What needs a real kernel but no namespace: locks, claims, mounts, ports, commands.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, test } from 'node:test'
import { openClaims } from '#linux/claims.ts'
import { withFileLock } from '#linux/file-lock.ts'
import { mountTmpfs, mountsUnder, unmountUnder } from '#linux/mounts.ts'
import { findPortOwner } from '#linux/port-owner.ts'
import { type CommandError, run } from '#linux/run.ts'

const directory = mkdtempSync(path.join(tmpdir(), 'ccs-host-'))
after(async () => {
  await unmountUnder(directory)
  rmSync(directory, { recursive: true })
})

test('run rejects with the command and what it said', async () => {
  await assert.rejects(run(['ls', '/nowhere']), (error: CommandError) => {
    assert.equal(error.exitCode, 2)
    assert.match(error.message, /^'ls \/nowhere' failed \(2\): .*No such file/)
    return true
  })
  await assert.rejects(run(['ccs-no-such-program']), /could not be run/)
})

test('run kills what takes too long', async () => {
  await assert.rejects(run(['sleep', '30'], { timeoutMs: 100 }), /took longer than 100 ms/)
})

test('run hands over its input and bounds the output', async () => {
  assert.equal(await run(['cat'], { input: 'text' }), 'text')
  await assert.rejects(run(['yes']), /printed more than/)
})

test('withFileLock lets one in at a time and gives up after its deadline', async () => {
  const file = path.join(directory, 'lock')
  const order: string[] = []
  let release: (() => void) | undefined
  const first = withFileLock(file, async () => {
    order.push('first in')
    await new Promise<void>((resolve) => (release = resolve))
    order.push('first out')
  })
  while (release === undefined) await new Promise((resolve) => setTimeout(resolve, 10))
  await assert.rejects(
    withFileLock(file, () => 1, { timeoutMs: 100 }),
    /got no lock in 100 ms/,
  )
  const second = withFileLock(file, () => order.push('second in'))
  release()
  await Promise.all([first, second])
  assert.deepEqual(order, ['first in', 'first out', 'second in'])
})

test('withFileLock keeps others out also when its holder removes the file', async () => {
  const file = path.join(directory, 'removed')
  let inside = 0
  const enter = async () => {
    assert.equal(++inside, 1, 'alone')
    await new Promise((resolve) => setTimeout(resolve, 20))
    rmSync(file)
    inside--
  }
  await Promise.all(Array.from({ length: 6 }, () => withFileLock(file, enter)))
})

test('withFileLock is free again after its holder was killed', async () => {
  const file = path.join(directory, 'killed')
  const program = `
    import { withFileLock } from '${path.resolve('src/linux/file-lock.ts')}'
    await withFileLock('${file}', () => new Promise(() => process.stdout.write('held')))`
  const holder = spawn(process.execPath, ['--input-type=module', '-e', program], { stdio: 'pipe' })
  await new Promise((resolve) => holder.stdout.once('data', resolve))
  holder.kill('SIGKILL')
  assert.equal(await withFileLock(file, () => 'mine', { timeoutMs: 5_000 }), 'mine')
})

test('claims keep instances apart, survive, and end with the data directory', async () => {
  const file = path.join(directory, 'claims.json')
  const open = (id: string) => {
    const dataDir = path.join(directory, id)
    mkdirSync(dataDir, { recursive: true })
    return openClaims({ instance: { id, dataDir }, file })
  }
  const [one, two] = [open('one'), open('two')]
  const [a, b] = await Promise.all([one.claimCluster('local'), two.claimCluster('local')])
  assert.notEqual(a, b)
  assert.equal(await open('one').claimCluster('local'), a, 'claimed once, kept')
  await assert.rejects(two.claimCluster('other', a), /taken/)
  const range = await one.claimLoadBalancers()
  assert.match(range, /^10\.127\.\d+\.0\/24$/)
  assert.equal(await open('one').loadBalancers(), range)
  assert.notEqual(await two.claimLoadBalancers(range), range, 'a preferred block that is taken')
  assert.equal(await one.claimHostPort(8080), true)
  assert.equal(await two.claimHostPort(8080), false)
  await one.keepHostPorts([8081])
  assert.equal(await two.claimHostPort(8080), true)
  await one.keepHostPorts([8080, 8082])
  assert.equal(await two.claimHostPort(8082), false)
  assert.deepEqual(await one.claimPorts(async () => [6443]), [6443])
  const holder = await two.claimPorts(async (takenBy) => {
    assert.equal(takenBy(6443), path.join(directory, 'one'))
    assert.equal(takenBy(6444), undefined)
    return [6444]
  })
  assert.deepEqual(holder, [6444])
  await assert.rejects(
    one.claimPorts(async () => Promise.reject(new Error('refused'))),
    /refused/,
  )
  assert.equal(await two.claimHostPort(6443), false, 'kept although the next claim was refused')
  assert.deepEqual(
    (await two.others()).map(({ dataDir }) => dataDir),
    [path.join(directory, 'one')],
  )

  rmSync(path.join(directory, 'one'), { recursive: true })
  assert.equal(await two.claimCluster('other', a), a, 'a vanished instance gives way')
  await two.releaseAll()
  assert.deepEqual([existsSync(file), existsSync(`${file}.lock`)], [false, false])
})

test('unmountUnder takes away mounts below a directory, also one on another', async () => {
  const target = path.join(directory, 'mounts', 'a b')
  mkdirSync(target, { recursive: true })
  for (const sizeBytes of [65_536, 131_072]) await mountTmpfs({ target, sizeBytes, mode: 0o700 })
  writeFileSync(path.join(target, 'file'), 'x')
  assert.equal(mountsUnder(directory).length, 2)
  await unmountUnder(path.join(directory, 'mounts'))
  assert.deepEqual(mountsUnder(directory), [])
})

test('findPortOwner names the process that listens', async () => {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  assert.equal(findPortOwner(port)?.pid, process.pid)
  await new Promise((resolve) => server.close(resolve))
  assert.equal(findPortOwner(port), undefined)
})
