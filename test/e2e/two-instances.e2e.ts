// Two instances on one computer: made at once, one made or removed while the other serves, one cut off half-way.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { existsSync, readFileSync, rmSync } from 'node:fs'
import { after, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { CLAIMS_FILE } from '#linux/claims.ts'
import { instanceId } from '#setup/instance.ts'
import { PROCESSES } from '#setup/services.ts'
import { BehindInstance } from './behind-instance.ts'
import { eventually, fetchText, Instance, leftBehind, steadyLoad } from './instance.ts'

const ccs = fileURLToPath(new URL('../../ccs', import.meta.url))

let first: Instance
let second: Instance
let url = ''

/** All that an instance has on this computer. */
const traces = (instance: Instance) => leftBehind([instanceId(instance.dataDir), instance.dataDir])

const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

const urlIn = (stdout: string) => stdout.trim().split('\n').at(-1)!

/** Starts a command and kills it after `afterMs`, as an impatient user or the kernel does. */
async function cutOff(instance: Instance, args: string[], afterMs: number): Promise<void> {
  const child = spawn(ccs, [...args, '--data-dir', instance.dataDir], { stdio: 'ignore' })
  const ended = new Promise((resolve) => child.once('exit', resolve))
  await sleep(afterMs)
  child.kill('SIGKILL')
  await ended
}

/** Requests to the first instance while `work` goes on; none may fail. */
async function whileServing(work: () => Promise<void>): Promise<void> {
  const before = await traces(first)
  const load = steadyLoad(url)
  let result: Awaited<ReturnType<typeof load.stop>>
  try {
    await work()
  } finally {
    result = await load.stop()
  }
  const { sent, failures } = result
  console.log(`  ${failures.length} of ${sent} requests failed`)
  assert.deepEqual(failures, [])
  assert.deepEqual(await traces(first), before)
}

before(() => {
  first = Instance.withoutPorts()
  second = Instance.withoutPorts()
})

after(async () => {
  await first.purge()
  await second.purge()
})

test('two instances made at the same time find ports and addresses of their own', async () => {
  const both = await Promise.all([first.up('--demo'), second.up('--demo')])
  for (const { code, stderr } of both) assert.equal(code, 0, stderr)
  // Whoever came later had to give way, and said so.
  assert.match(
    both.map(({ stderr }) => stderr).join(''),
    /port \d+ is taken by .*; \w+ uses \d+ instead/,
  )
  const ports = [first, second].flatMap(({ file }) => Object.values(file.ports))
  assert.equal(new Set(ports).size, 6, ports.join())
  const urls = both.map(({ stdout }) => urlIn(stdout))
  assert.equal(new Set(urls).size, 2, urls.join())
  for (const one of urls) await fetchText(one)
  url = urls[0]!
})

test('a second ccs up with a port of the other instance is refused by name', async () => {
  const third = Instance.withoutPorts()
  const { api } = first.file.ports
  const { code, stderr } = await third.up('--api-port', String(api))
  assert.equal(code, 1)
  assert.match(stderr, new RegExp(`port ${api} is taken by node \\(pid \\d+\\)`))
  assert.match(stderr, /--api-port/)
  await third.ccs('down')
  assert.deepEqual(await traces(third), [])
  await third.purge()
})

test('one is removed and made again while the other serves', async () => {
  await whileServing(async () => {
    const purged = await second.purge()
    assert.equal(purged.code, 0, purged.stderr)
    assert.deepEqual(await traces(second), [])
    const { code, stderr } = await second.up()
    assert.equal(code, 0, stderr)
  })
})

test('one is removed while the other is being made', async () => {
  const third = Instance.withoutPorts()
  await whileServing(async () => {
    const [made, removed] = await Promise.all([third.up(), second.purge()])
    assert.equal(made.code, 0, made.stderr)
    assert.equal(removed.code, 0, removed.stderr)
    assert.deepEqual(await traces(second), [])
    assert.equal((await third.ccs('status')).code, 0)
    const gone = await third.purge()
    assert.equal(gone.code, 0, gone.stderr)
    assert.deepEqual(await traces(third), [])
  })
})

test('an instance whose making or removal was cut off is made whole, and removed without a trace', async () => {
  await whileServing(async () => {
    for (const afterMs of [350, 700, 1_500]) await cutOff(second, ['up'], afterMs)
    const made = await second.up()
    assert.equal(made.code, 0, made.stderr)
    for (const afterMs of [450, 650]) await cutOff(second, ['down', '--purge'], afterMs)
    const again = await second.up()
    assert.equal(again.code, 0, again.stderr)
    assert.equal((await second.ccs('status')).code, 0)
    await cutOff(second, ['down', '--purge'], 550)
    const purged = await second.purge()
    assert.equal(purged.code, 0, purged.stderr)
    assert.deepEqual(await traces(second), [])
  })
})

test('a port belongs to an instance also while that is down', async () => {
  const before = first.file.ports
  assert.equal((await first.ccs('down')).code, 0)
  const made = await second.up()
  assert.equal(made.code, 0, made.stderr)
  const both = [...Object.values(before), ...Object.values(second.file.ports)]
  assert.equal(new Set(both).size, 6, both.join())
  const { code, stderr } = await first.up()
  assert.equal(code, 0, stderr)
  assert.deepEqual(first.file.ports, before)
  await eventually('a whole service', 20_000, async () =>
    / Ready +2\/2 /.test((await first.ccs('service', 'list')).stdout),
  )
  await eventually('an answer', 10_000, () => fetchText(url))
})

test('an instance whose data were deleted under it is removed all the same', async () => {
  await whileServing(async () => {
    const behind = new BehindInstance(second)
    behind.kill(...PROCESSES.toReversed())
    rmSync(second.dataDir, { recursive: true, force: true })
    const purged = await second.purge()
    assert.equal(purged.code, 0, purged.stderr)
    assert.deepEqual(await traces(second), [])
  })
})

test('the last trace of an instance goes with it', async () => {
  const purged = await first.purge()
  assert.equal(purged.code, 0, purged.stderr)
  assert.deepEqual(await traces(first), [])
  const claims = existsSync(CLAIMS_FILE) ? readFileSync(CLAIMS_FILE, 'utf8') : ''
  for (const { dataDir } of [first, second]) assert.ok(!claims.includes(instanceId(dataDir)))
})
