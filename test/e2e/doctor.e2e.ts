// What makes a first run of such software fail, provoked one by one: `ccs up` and `ccs doctor` name the culprit and what
// mends it, and `ccs up` says that ccs is up only when it is. The numbers are those of the list in docs/first-run.md.
import assert from 'node:assert/strict'
import { statSync, readdirSync, readFileSync, rmSync, mkdtempSync, writeFileSync } from 'node:fs'
import { request } from 'node:https'
import { createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { systemClock } from '#base/clock.ts'
import { openCgroups } from '#linux/cgroups.ts'
import { sendSignal } from '#linux/signal-process.ts'
import type { CheckRow } from '#setup/checks/check.ts'
import { isWithinBlocks, socketsOfInstance } from '#setup/checks/listening.ts'
import { instancePaths } from '#setup/instance.ts'
import { hostAddresses } from '#setup/listen-address.ts'
import { BehindInstance } from './behind-instance.ts'
import { eventually, fetchText, Instance, leftBehind, run } from './instance.ts'

const ccs = fileURLToPath(new URL('../../ccs', import.meta.url))

let instance: Instance
let behind: BehindInstance
let url = ''

interface Report {
  instance: string | null
  state: string
  checks: CheckRow[]
}

async function doctor(of = instance): Promise<{ code: number; report: Report; stderr: string }> {
  const { code, stdout, stderr } = await of.ccs('doctor', '-o', 'json')
  return { code, stderr, report: JSON.parse(stdout) as Report }
}

/** The findings of one check that are worse than ok. */
const badOf = ({ checks }: Report, check: string) =>
  checks.filter((row) => row.check === check && row.state !== 'ok')

const listen = (server: Server, port: number) =>
  new Promise<boolean>((resolve) => {
    server.once('error', () => resolve(false))
    server.listen(port, '127.0.0.1', () => resolve(true))
  })
const close = (server: Server) => new Promise((resolve) => server.close(resolve))

/** Runs a script in a mount namespace of its own, where files of the computer can be hidden. */
const hidden = (hide: string, ...args: string[]) =>
  run(['unshare', '--mount', 'sh', '-ec', `${hide}\nexec "$@"`, 'sh', ccs, ...args])

before(async () => {
  instance = await Instance.create()
  behind = new BehindInstance(instance)
})

after(async () => {
  await instance.purge()
})

test('doctor looks at a computer without an instance and makes none', async () => {
  const { code, report } = await doctor()
  assert.equal(code, 0, JSON.stringify(report.checks))
  assert.equal(report.instance, null)
  assert.deepEqual(readdirSync(instance.dataDir), [])
})

test('4: a package that is missing or broken is named, with the command that installs it', async () => {
  const noPlugins = await hidden(
    'mount -t tmpfs none /usr/lib/cni; [ ! -d /opt/cni/bin ] || mount -t tmpfs none /opt/cni/bin',
    'doctor',
    '--data-dir',
    instance.dataDir,
  )
  assert.equal(noPlugins.code, 1)
  assert.match(noPlugins.stdout, /packages +fail +missing: containernetworking-plugins/)
  assert.match(noPlugins.stdout, /apt-get install -y .*containernetworking-plugins/)
  const noNft = await hidden(
    'mount --bind /bin/false "$(readlink -f "$(command -v nft)")"',
    'up',
    '--data-dir',
    instance.dataDir,
  )
  assert.equal(noNft.code, 1)
  assert.match(noNft.stderr, /this computer is not ready:\n.*nft cannot be run/)
  assert.deepEqual(readdirSync(instance.dataDir), [], 'nothing half-made')
})

test('4: a kernel without a needed feature is named', async () => {
  const file = path.join(mkdtempSync(path.join(tmpdir(), 'ccs-kernel-')), 'filesystems')
  writeFileSync(file, 'nodev\ttmpfs\n\text4\n')
  const { code, stdout } = await hidden(
    `mount --bind ${file} /proc/filesystems`,
    'doctor',
    '--data-dir',
    instance.dataDir,
  )
  rmSync(path.dirname(file), { recursive: true })
  assert.equal(code, 1)
  assert.match(stdout, /kernel +fail +the kernel has no overlay file system/)
  assert.match(stdout, /modprobe overlay/)
})

test('5: too little memory is refused before anything is made, with what there is and what is needed', async () => {
  const tree = openCgroups()
  const cgroup = `/ccs-e2e-${process.pid}`
  tree.create(cgroup)
  try {
    tree.setLimits(cgroup, { memoryBytes: 320 * 1024 * 1024 })
    const enter = tree.processFiles(cgroup).map((file) => `echo $$ > ${file}`)
    const { code, stderr } = await run([
      'sh',
      '-ec',
      `${enter.join('\n')}\nexec "$@"`,
      'sh',
      ccs,
      'up',
      '--data-dir',
      instance.dataDir,
    ])
    assert.equal(code, 1)
    assert.match(stderr, /only \d+ MiB of memory are available, ccs itself needs 300 MiB/)
    assert.match(stderr, /ps aux --sort=-rss/)
  } finally {
    await tree.kill(cgroup, systemClock)
    tree.remove(cgroup)
  }
  assert.deepEqual(readdirSync(instance.dataDir), [])
})

test('8: a disk without room is refused, and a disk mounted there by the user stays mounted', async (t) => {
  const small = mkdtempSync(path.join(tmpdir(), 'ccs-small-'))
  t.after(async () => {
    await run(['umount', small])
    rmSync(small, { recursive: true, force: true })
  })
  assert.equal((await run(['mount', '-t', 'tmpfs', '-o', 'size=64m', 'tmpfs', small])).code, 0)
  const refused = await run([ccs, 'up', '--data-dir', small])
  assert.equal(refused.code, 1)
  assert.match(
    refused.stderr,
    new RegExp(`only \\d+ MiB of 64 MiB are free on the disk of ${small}`),
  )
  assert.deepEqual(readdirSync(small), [])
  const purged = await run([ccs, 'down', '--purge', '--data-dir', small])
  assert.equal(purged.code, 0, purged.stderr)
  assert.match(readFileSync('/proc/self/mounts', 'utf8'), new RegExp(` ${small} tmpfs`))
})

test('a directory of somebody else is neither taken nor removed', async (t) => {
  const home = mkdtempSync(path.join(tmpdir(), 'ccs-home-'))
  t.after(() => rmSync(home, { recursive: true }))
  writeFileSync(path.join(home, 'thesis.tex'), 'years of work')
  const refused = await run([ccs, 'up', '--data-dir', home])
  assert.equal(refused.code, 1)
  assert.match(refused.stderr, /holds no instance of ccs but other things \(thesis.tex\)/)
  const purged = await run([ccs, 'down', '--purge', '--data-dir', home])
  assert.equal(purged.code, 4)
  assert.deepEqual(readdirSync(home), ['thesis.tex'])
})

test('2, 3: ccs says that it is up only when it is: a hanging part is told live, then by name', async () => {
  const made = await instance.up('--demo')
  assert.equal(made.code, 0, made.stderr)
  url = made.stdout.trim().split('\n').at(-1)!
  const engine = behind.pidOf('engine')
  sendSignal(engine, 'SIGSTOP')
  try {
    const { code, stdout, stderr } = await instance.up('--timeout', '7')
    assert.equal(code, 5)
    assert.doesNotMatch(stdout + stderr, /ccs is up/)
    assert.match(stderr, /api +\.\.\. 5 s, waiting for an answer of the API on https:/)
    assert.match(stderr, /api +failed after [78]\./)
    assert.match(stderr, /The last lines of .*engine\.log:\n\{/)
    assert.match(stderr, /'ccs doctor --data-dir /)
  } finally {
    sendSignal(engine, 'SIGCONT')
  }
  await eventually('health', 20_000, async () => (await doctor()).code === 0)
})

test('a healthy instance passes every check', async () => {
  const { code, report } = await doctor()
  assert.equal(code, 0, JSON.stringify(report.checks.filter(({ state }) => state !== 'ok')))
  assert.equal(report.instance, behind.id)
  const names = new Set(report.checks.map(({ check }) => check))
  for (const name of [
    'processes',
    'listening',
    'api',
    'nodes',
    'dns',
    'registry',
    'audit',
    'authentication',
    'certificates',
  ])
    assert.ok(names.has(name), name)
})

test('a file of the operator that is wrong is named, and forgiven when it is mended', async (t) => {
  const file = path.join(instance.dataDir, 'authentication.yaml')
  t.after(() => rmSync(file, { force: true }))
  writeFileSync(file, 'jwt: [{')
  const finding = async () => {
    const { report } = await doctor()
    return report.checks.find(({ check }) => check === 'authentication')
  }
  const isNamed = async () => (await finding())?.state === 'fail'
  await eventually('the wrong file is named', 20_000, isNamed)
  rmSync(file)
  await eventually('all is well again', 20_000, async () => (await finding())?.state === 'ok')
})

test('6: nobody gets in without a credential, and there is none by default', async () => {
  const { api, registry } = instance.file.ports
  assert.equal((await fetch(`http://127.0.0.1:${registry}/v2/`)).status, 401)
  const known = ['admin:admin', 'admin:', 'admin:captain42', 'root:root', 'ccs:ccs']
  for (const guess of known) {
    const authorization = `Basic ${Buffer.from(guess).toString('base64')}`
    const answer = await fetch(`http://127.0.0.1:${registry}/v2/`, { headers: { authorization } })
    assert.equal(answer.status, 401, guess)
  }
  assert.equal(await status(`https://127.0.0.1:${api}/api/v1/namespaces`), 403)
  for (const file of [instance.kubeconfig, ...filesBelow('credentials'), ...filesBelow('pki')]) {
    if (file.endsWith('.crt')) continue
    assert.equal(statSync(file).mode & 0o077, 0, `${file} is for root alone`)
  }
})

const filesBelow = (name: string) =>
  readdirSync(path.join(instance.dataDir, name), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.join(entry.parentPath, entry.name))

/** GETs with the instance's own CA and no credential. */
const status = (from: string) =>
  new Promise<number>((resolve, reject) => {
    const ca = readFileSync(path.join(instance.dataDir, 'pki', 'server-ca.crt'))
    request(from, { ca, agent: false }, (answer) => {
      answer.resume()
      resolve(answer.statusCode ?? 0)
    })
      .on('error', reject)
      .end()
  })

test('7: all works at once by address, over TLS that a client with our CA trusts', async () => {
  assert.equal(await status(`https://127.0.0.1:${instance.file.ports.api}/readyz`), 200)
  await fetchText(url)
})

test('9: nothing listens but on loopback and on gateway addresses', () => {
  const blocks = behind.clusterBlocks()
  const processes = socketsOfInstance(instancePaths(instance.dataDir))
  assert.deepEqual(
    processes.map(({ process }) => process),
    ['registry', 'engine', 'edge', 'supervisor'],
  )
  const sockets = processes.flatMap(({ sockets: all }) => all)
  assert.ok(sockets.length >= 7, 'the sockets are found')
  for (const { address, port } of sockets)
    assert.ok(isWithinBlocks(address, ['127.0.0.0/8', ...blocks]), `${address}:${port}`)
})

test('3: a firewall that drops what containers send is opened, and named', async (t) => {
  const table = `e2e${process.pid}`
  t.after(() => run(['nft', 'delete', 'table', 'inet', table]))
  const link = `"ccs${behind.id}*"`
  const input =
    `table inet ${table} { chain fence { type filter hook forward priority 0; ` +
    `iifname ${link} drop; oifname ${link} drop; }; }`
  const made = await run(['nft', '-f', '-'], { input })
  assert.equal(made.code, 0, made.stderr)
  await eventually('accept rules', 10_000, async () => {
    const { stdout } = await run(['nft', 'list', 'table', 'inet', table])
    return (stdout.match(/accept comment "ccs-/g) ?? []).length >= 2
  })
  await fetchText(url)
  const { code, report } = await doctor()
  assert.equal(code, 0)
  const row = report.checks.find(({ check }) => check === 'firewall')
  assert.match(row!.found, new RegExp(`inet ${table} fence.*our accept rules stand in front`))
})

test('1, 4: a thief of a port is named, and why the process that lost it cannot start', async () => {
  const { registry } = instance.file.ports
  // It takes connections and says nothing of sense, so that nobody waits for it.
  const thief = createServer((socket) => socket.destroy())
  await behind.withoutSupervisor(async () => {
    behind.kill('registry')
    await eventually('the port', 5_000, () => listen(thief, registry))
  })
  await eventually('a death', 10_000, async () => {
    const { code, report, stderr } = await doctor()
    const [port] = badOf(report, 'ports')
    const [process_] = badOf(report, 'processes')
    if (port === undefined || !process_?.found.includes('EADDRINUSE')) return false
    assert.equal(code, 1)
    assert.match(stderr, /failed: .*ports/)
    assert.match(
      port.found,
      new RegExp(`port ${registry} is taken by node \\(pid ${process.pid}\\)`),
    )
    assert.match(port.mend!, /--registry-port/)
    assert.match(process_.found, /the registry process/)
    return true
  })
  await close(thief)
  await eventually('health', 60_000, async () => (await doctor()).code === 0)
})

test('9: --listen takes an address of this computer, lists them otherwise, and serves there over TLS', async (t) => {
  const [outward] = hostAddresses()
  if (outward === undefined) return t.skip('this computer has no address beyond loopback')
  const { address } = outward
  assert.equal((await instance.ccs('down')).code, 0)
  const wrong = await instance.up('--listen', '203.0.113.99')
  assert.equal(wrong.code, 1)
  assert.match(wrong.stderr, /203.0.113.99 is no address of this computer. There are: /)
  assert.ok(wrong.stderr.includes(address))
  const made = await instance.up('--listen', address)
  assert.equal(made.code, 0, made.stderr)
  const { api, registry } = instance.file.ports
  await eventually('the API there', 10_000, async () => {
    return (await status(`https://${address}:${api}/readyz`)) === 200
  })
  await eventually('the registry there', 10_000, async () => {
    return (await status(`https://${address}:${registry}/v2/`)) === 401
  })
  await eventually('the service there', 20_000, () => fetchText(url.replace('127.0.0.1', address)))
  const { stdout } = await instance.ccs('kubeconfig', 'local', '--remote')
  assert.match(stdout, new RegExp(`server: https://${address}:${api}/clusters/local`))
  const allowed = ['127.0.0.0/8', `${address}/32`, ...behind.clusterBlocks()]
  for (const { sockets } of socketsOfInstance(instancePaths(instance.dataDir)))
    for (const socket of sockets) assert.ok(isWithinBlocks(socket.address, allowed), socket.address)
  assert.equal((await doctor()).code, 0)
  const late = await instance.up('--no-listen')
  assert.equal(late.code, 1)
  assert.match(late.stderr, /Stop it with 'ccs down' before changing --listen/)
  assert.equal((await instance.ccs('down')).code, 0)
  const back = await instance.up('--no-listen')
  assert.equal(back.code, 0, back.stderr)
  await assert.rejects(status(`https://${address}:${api}/readyz`), /ECONNREFUSED/)
})

test('what an instance that is gone has left is found', async (t) => {
  const name = 'ccs-zzzzz7_local'
  assert.equal((await run(['ip', 'netns', 'add', name])).code, 0)
  t.after(() => run(['ip', 'netns', 'delete', name]))
  const { report } = await doctor()
  const [row] = badOf(report, 'leftovers').filter(({ found }) => found.includes('zzzzz7'))
  assert.match(row!.found, /instance zzzzz7, whose data are gone, left 1 namespaces/)
  assert.match(row!.mend!, /ccs doctor --fix/)
})

test('a stopped instance is looked at too: its ports, its clock, its data', async () => {
  assert.equal((await instance.ccs('down')).code, 0)
  assert.equal((await doctor()).code, 0)
  const file = path.join(instance.dataDir, 'instance.json')
  const good = readFileSync(file, 'utf8')
  const change = (fields: object) =>
    writeFileSync(file, JSON.stringify({ ...(JSON.parse(good) as object), ...fields }))
  change({ createdAt: '2090-01-01T00:00:00.000Z' })
  const early = await doctor()
  assert.match(badOf(early.report, 'clock')[0]!.found, /before the instance was made \(2090-/)
  change({ version: '99.0.0' })
  const newer = await instance.up()
  assert.equal(newer.code, 1)
  assert.match(newer.stderr, /was last run by ccs 99.0.0, and this is ccs/)
  writeFileSync(file, '{"version":')
  for (const command of ['up', 'status', 'doctor']) {
    const damaged = await instance.ccs(command)
    assert.equal(damaged.code, 1, command)
    assert.match(damaged.stderr, /instance.json is damaged: it is no JSON.*ccs down --purge/)
  }
  const purged = await instance.purge()
  assert.equal(purged.code, 0, purged.stderr)
  assert.deepEqual(await leftBehind([behind.id, instance.dataDir]), [])
})
