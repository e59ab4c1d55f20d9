// The command line: what it refuses, how it says so, and that a refusal leaves nothing half-made.
import assert from 'node:assert/strict'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import {
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { parse } from 'yaml'
import type { AuditEvent } from '#kinds/k8s/audit.ts'
import {
  eventually,
  fetchText,
  freePort,
  Instance,
  leftBehind,
  type Result,
  run,
  steadyLoad,
} from './instance.ts'

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..', '..')

let instance: Instance
let files: string
let url: string

/** A command without an instance of its own, such as one on a data directory that is not there. */
const ccs = (...args: string[]) => run([path.join(root, 'ccs'), ...args])

function refused({ code, stderr }: Result, exitCode: number, message: RegExp): void {
  assert.match(stderr, message)
  assert.equal(code, exitCode, stderr)
  assert.doesNotMatch(stderr, /^ +at |\bundefined\b|\[object/m, 'told as to people')
}

/** Runs `work` for each item, a few at a time: most of a command is the start of its Node.js. */
async function forEach<T>(items: readonly T[], work: (item: T) => Promise<unknown>): Promise<void> {
  const left = [...items]
  const worker = async () => {
    for (let item = left.shift(); item !== undefined; item = left.shift()) await work(item)
  }
  await Promise.all(Array.from({ length: 3 }, worker))
}

async function ok(result: Promise<Result>): Promise<string> {
  const { code, stdout, stderr } = await result
  assert.equal(code, 0, stderr)
  return stdout.trim()
}

const serviceNames = async () =>
  (
    JSON.parse(await ok(instance.ccs('service', 'list', '-A', '-o', 'json'))) as {
      metadata: { name: string }
    }[]
  ).map(({ metadata }) => metadata.name)

/** The example with its busybox, as `ccs up --demo` builds it. */
function exampleDirectory(): string {
  const directory = path.join(files, 'hello')
  cpSync(path.join(root, 'examples', 'hello'), directory, { recursive: true })
  copyFileSync('/bin/busybox', path.join(directory, 'busybox'))
  return directory
}

before(async () => {
  files = mkdtempSync(path.join(tmpdir(), 'ccs-e2e-cli-'))
  instance = await Instance.create()
  const { code, stdout, stderr } = await instance.up('--demo')
  assert.equal(code, 0, stderr)
  url = stdout.trim().split('\n').at(-1)!
})

after(async () => {
  rmSync(files, { recursive: true, force: true })
  await instance.purge()
})

test('a wrong command line ends with 2, says what is wrong, and changes nothing', async () => {
  const wrong: [string[], RegExp][] = [
    [['nope'], /unknown command 'nope'/],
    [['service', 'nope'], /unknown command 'nope'/],
    [['up', '--nope'], /unknown option '--nope'/],
    [['up', 'more'], /too many arguments/],
    [['up', '--api-port', 'x'], /'x' is invalid\. a whole number from 1 to 65535/],
    [['up', '--dns-port', '65536'], /'65536' is invalid/],
    [['down', '-o', 'json'], /unknown option '-o'/],
    [['status', '-o', 'xml'], /'xml' is invalid\. Allowed choices are json, yaml/],
    [['version', '-o', 'xml'], /'xml' is invalid/],
    [['machine', 'stop'], /missing required argument 'name'/],
    [['audit', '--since', 'x'], /--since "x": write 30s, 5m, 2h or 1d/],
    [['audit', '--tail', '0'], /'0' is invalid/],
    [['audit', '-o', 'xml'], /Allowed choices are wide, json, yaml/],
    [['machine', 'stop', 'local-1', '--timeout', '0'], /'0' is invalid/],
    [['service', 'create', 'x'], /required option '--image <image>' not specified/],
    [['service', 'scale', 'hello'], /required option '--replicas <n>' not specified/],
    [['service', 'scale', 'hello', '--replicas', '-1'], /'-1' is invalid/],
    [['image', 'build', files], /required option '-t, --tag <name>' not specified/],
  ]
  const create = (...args: string[]) => ['service', 'create', 'x', '--image', 'hello:1', ...args]
  const wrongServices: [string[], RegExp][] = [
    [create('--replicas', '1001'), /'1001' is invalid\. a whole number from 0 to 1000/],
    [create('--replicas', '1.5'), /'1\.5' is invalid/],
    [create('--access', 'Nope'), /Allowed choices are Public, Cluster, None/],
    [create('--port', '0'), /--port "0": "0" is no port; write 8080 or 80:8080/],
    [create('--port', '80:a'), /"a" is no port/],
    [create('--port', '80/icmp'), /the protocol is tcp or udp/],
    [create('--port', '80', '--port', '80'), /port 80\/TCP is given twice/],
    [create('--env', 'novalue'), /write NAME=VALUE/],
    [create('-o', 'xml'), /'xml' is invalid/],
    [create('-p', 'No Project'), /"No Project" is no name for a project/],
    [['service', 'create', 'No_Name', '--image', 'hello:1'], /"No_Name" is no name for a service/],
    [['service', 'create', 'x', '--image', 'two words'], /spec\.image: Invalid value: "two words"/],
  ]
  const update = (...args: string[]) => ['service', 'update', 'hello', ...args]
  const wrongChanges: [string[], RegExp][] = [
    [update('image', 'hello:2'), /"image" is not understood here\. Flags begin with --/],
    [create('more'), /"more" is not understood here/],
    [update(), /nothing to change was named\. Give at least one of --image/],
    [update('--replicas', 'x'), /'x' is invalid/],
    [update('--image', 'Not:An:Image'), /spec\.image: .*is not an image name/],
    [update('--env', 'GONE-'), /--env "GONE-": it is not set/],
    [update('--requests', 'cpu'), /--requests "cpu": write cpu=250m,memory=64Mi, or none/],
    [update('--limits', 'memroy=1Gi'), /Did you mean "memory"\?/],
    [update('--requests', 'cpu=2', '--limits', 'cpu=1'), /less than or equal to cpu limit of 1/],
    [update('--readiness', 'icmp'), /--readiness "icmp": write tcp, tcp:8080, http:\/health/],
    [update('--drain', '601'), /'601' is invalid\. a whole number from 0 to 600/],
    [
      update('--max-unavailable', '0%'),
      /--max-unavailable "0%": write a number from 1, or a share/,
    ],
    [update('--spread', 'Wide'), /Allowed choices are Preferred, Required, None/],
    [update('--command'), /--command: write the command at the end, after --/],
    [update('--imgae', 'hello:1'), /unknown option '--imgae'[^]*Did you mean --image\?/],
    [['service', 'rollback', 'hello', '--to', '0'], /'0' is invalid\. a whole number from 1/],
    [['service', 'logs', 'hello', '--tail', 'many'], /'many' is invalid/],
    [['service', 'logs', 'hello', '--since', 'noon'], /--since "noon": write 30s, 5m, 2h or 1d/],
    [['service', 'logs', 'hello', '-f', '--previous'], /either --follow or --previous/],
    [['service', 'events', 'hello', '--tail', '0'], /'0' is invalid/],
    [['service', 'exec', 'hello'], /missing required argument 'words'/],
    [['service', 'get', 'No_Name'], /"No_Name" is no name for a service/],
    [['service', 'list', '-p', 'No Project'], /"No Project" is no name for a project/],
    [['image', 'list', '-p', 'No Project'], /"No Project" is no name for a project/],
    [['machine', 'list', 'more'], /too many arguments/],
  ]
  await forEach([...wrong, ...wrongServices, ...wrongChanges], async ([args, message]) =>
    refused(await instance.ccs(...args), 2, message),
  )
  assert.deepEqual(await serviceNames(), ['hello'])
})

test('what is named and not there ends with 3', async () => {
  const absent: [string[], RegExp][] = [
    [['service', 'get', 'nope'], /there is no service "nope" in project "default"/],
    [['service', 'get', 'helo'], /there is no service "helo".* Did you mean "hello"\?/],
    [['service', 'history', 'nope'], /there is no service "nope"/],
    [['service', 'rollback', 'nope'], /there is no service "nope"/],
    [['service', 'rollback', 'hello', '--to', '99'], /has no revision 99; there are: 1/],
    [['service', 'restart', 'nope'], /there is no service "nope"/],
    [['service', 'restart', 'hello', '--instance', 'zzz'], /no instance "zzz"\. There are: hello-/],
    [['service', 'logs', 'nope'], /there is no service "nope"/],
    [['service', 'logs', 'hello', '--instance', 'zzz'], /no instance "zzz"/],
    [['service', 'events', 'nope'], /there is no service "nope"/],
    [['service', 'exec', 'nope', 'ls'], /there is no service "nope"/],
    [['service', 'update', 'hello', '--cluster', 'nope'], /there is no cluster "nope"/],
    [['machine', 'start', 'local-11'], /Did you mean "local-1"\?/],
    [['service', 'get', 'hello', '-p', 'other'], /no service "hello" in project "other"/],
    [['service', 'scale', 'nope', '--replicas', '1'], /there is no service "nope"/],
    [['service', 'update', 'nope', '--image', 'hello:1'], /there is no service "nope"/],
    [['service', 'delete', 'nope'], /there is no service "nope"/],
    [
      ['service', 'create', 'x', '--image', 'hello:1', '--cluster', 'nope'],
      /there is no cluster "nope"; there are: local/,
    ],
    [['machine', 'stop', 'nope'], /there is no machine "nope"\. 'ccs machine list' shows/],
    [['machine', 'list', '--cluster', 'nope'], /there is no cluster "nope"/],
    [['audit', '--cluster', 'nope'], /no audit log of a cluster "nope"; there are: hub/],
    [['kubeconfig', 'nope'], /there is no cluster "nope"; there are: local, hub/],
  ]
  await forEach(absent, async ([args, message]) => refused(await instance.ccs(...args), 3, message))
  assert.deepEqual(await serviceNames(), ['hello'])
})

test('without an instance every command ends with 4 and makes none', async () => {
  const dataDir = path.join(files, 'none')
  for (const args of [
    ['status'],
    ['kubeconfig'],
    ['service', 'list'],
    ['service', 'create', 'x', '--image', 'y'],
    ['audit'],
    ['machine', 'list'],
    ['machine', 'start', 'x'],
    ['image', 'list'],
    ['image', 'build', exampleDirectory(), '-t', 'x'],
  ])
    refused(
      await ccs(...args, '--data-dir', dataDir),
      4,
      /there is no instance in \S+none\. Make one with 'ccs up', or name another with --data-dir/,
    )
  const down = await ccs('down', '--data-dir', dataDir)
  assert.equal(down.code, 0)
  assert.match(down.stderr, /There is no instance .*; nothing to stop/)
  assert.equal(existsSync(dataDir), false)
})

test('every command has help', async () => {
  const commands = ['up', 'down', 'status', 'audit', 'kubeconfig', 'version', 'test']
  const groups = {
    service: ['create', 'list', 'get', 'update', 'scale', 'delete'],
    machine: ['list', 'stop', 'start'],
    image: ['build', 'list', 'tags', 'inspect', 'delete', 'gc', 'trash'],
    registry: ['project', 'user', 'robot', 'fsck'],
  }
  const all = [
    [],
    ...commands.map((name) => [name]),
    ...Object.entries(groups).flatMap(([group, names]) => [
      [group],
      ...names.map((name) => [group, name]),
    ]),
  ]
  const text = await ok(ccs('--help'))
  for (const name of [...commands, ...Object.keys(groups)])
    assert.match(text, new RegExp(`^  ${name}\\b`, 'm'))
  await forEach(all, async (args) =>
    assert.match(await ok(ccs(...args, '--help')), new RegExp(`^Usage: ccs ${args.join(' ')}`)),
  )
})

test('ccs up names who has a port, TCP or UDP, and makes nothing', async (t) => {
  const tcp = createServer().listen(0, '127.0.0.1')
  await once(tcp, 'listening')
  const udp = createSocket('udp4')
  await new Promise<void>((resolve) => udp.bind(0, '127.0.0.1', resolve))
  t.after(() => (tcp.close(), udp.close()))
  const apiPort = (tcp.address() as { port: number }).port
  const dnsPort = udp.address().port
  const dataDir = path.join(files, 'taken')
  const up = (api: number, registry: number, dns: number) =>
    ccs(
      'up',
      `--data-dir=${dataDir}`,
      `--api-port=${api}`,
      `--registry-port=${registry}`,
      `--dns-port=${dns}`,
    )
  const taken = await up(apiPort, await freePort(), dnsPort)
  refused(taken, 1, new RegExp(`port ${apiPort} is taken by node \\(pid ${process.pid}\\)`))
  refused(taken, 1, new RegExp(`port ${dnsPort} is taken by node \\(pid ${process.pid}\\)`))
  assert.match(taken.stderr, /stop it, or choose another port with --dns-port/)
  const same = await freePort()
  refused(await up(same, same, dnsPort), 2, /--api-port and --registry-port are both \d+/)
  assert.equal(existsSync(dataDir), false)
})

test('who is not root is told to become it', async (t) => {
  const nobody = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups']
  if ((await run([...nobody, 'test', '-r', path.join(root, 'src/cli/main.ts')])).code !== 0)
    return t.skip('this checkout is not readable by others')
  const dataDir = path.join(files, 'nobody')
  for (const command of ['up', 'down'])
    refused(
      await run([...nobody, path.join(root, 'ccs'), command, '--data-dir', dataDir]),
      1,
      new RegExp(`root: 'sudo ./ccs ${command}'`),
    )
  assert.equal(existsSync(dataDir), false)
  // Who may not look into it learns no more than that.
  refused(
    await run([
      ...nobody,
      path.join(root, 'ccs'),
      'service',
      'list',
      '--data-dir',
      instance.dataDir,
    ]),
    1,
    /permission denied.* try again with sudo/,
  )
})

test('what is shown is shown as JSON and YAML too', async () => {
  const shown: [string[], (value: unknown) => unknown, unknown][] = [
    [['version'], (v) => Object.keys(v as object), ['version']],
    [['status'], (v) => (v as { phase: string }).phase, 'Running'],
    [['service', 'list'], (v) => (v as unknown[]).length, 1],
    [['service', 'get', 'hello'], (v) => (v as { status: { url: string } }).status.url, url],
    [['machine', 'list'], (v) => (v as unknown[]).length, 2],
    [['image', 'list'], (v) => (v as { name: string }[])[0]!.name, 'default/hello'],
  ]
  for (const [args, look, expected] of shown) {
    assert.deepEqual(look(JSON.parse(await ok(instance.ccs(...args, '-o', 'json')))), expected)
    assert.deepEqual(look(parse(await ok(instance.ccs(...args, '-o', 'yaml')))), expected)
  }
  assert.match(await ok(instance.ccs('machine', 'list')), /^local-1 +local +zone-a +\S+ +Running /m)
  assert.match(await ok(instance.ccs('image', 'list')), /^default\/hello +1 +sha256:/m)
})

test('ccs audit tells who changed what, in the hub and in clusters, and what is asked for alone', async () => {
  await ok(instance.ccs('service', 'exec', 'hello', 'busybox', 'true'))
  const rowsOf = (...args: string[]) => ok(instance.ccs('audit', ...args))
  const hub = await rowsOf('--changes', '--resource', 'containerservices', '--verb', 'create')
  assert.match(hub, /^TIME +CLUSTER +USER +VERB +RESOURCE +OBJECT +CODE\n/)
  assert.match(hub, / hub +ccs-admin +create +containerservices\.ccs\.dev +default\/hello +201/)
  const ofExec = ['--cluster', 'local', '--resource', 'pods/exec', '--user', 'ccs-admin']
  await eventually('the session is logged', 10_000, async () =>
    / 101$/m.test(await rowsOf(...ofExec)),
  )
  const [event, ...others] = (await rowsOf(...ofExec, '--changes', '-o', 'json'))
    .split('\n')
    .map((line) => JSON.parse(line) as AuditEvent)
  assert.deepEqual(others, [])
  assert.equal(event?.annotations?.['ccs.dev/cluster'], 'local')
  assert.match(event?.requestURI ?? '', /\/exec\?.*command=true/)
  assert.equal(event?.responseStatus?.code, 101)
  const none = await instance.ccs('audit', '--user', 'nobody')
  assert.deepEqual([none.code, none.stdout], [0, ''])
  assert.match(none.stderr, /No such request in the last 1h/)
})

test('ccs kubeconfig gives one context when asked for one, all without a name', async () => {
  interface Kubeconfig {
    'current-context': string
    contexts: { name: string }[]
    users: object[]
  }
  const all = parse(await ok(instance.ccs('kubeconfig'))) as Kubeconfig
  assert.deepEqual(all.contexts.map(({ name }) => name).toSorted(), ['ccs-hub', 'ccs-local'])
  for (const name of ['local', 'hub']) {
    const one = JSON.parse(await ok(instance.ccs('kubeconfig', name, '-o', 'json'))) as Kubeconfig
    assert.deepEqual(
      one.contexts.map((context) => context.name),
      [`ccs-${name}`],
    )
    assert.equal(one['current-context'], `ccs-${name}`)
    assert.equal(one.users.length, 1, 'no credentials of others')
  }
})

test('ccs image build says what is wrong with directory, Dockerfile, step and name', async () => {
  const hello = exampleDirectory()
  const empty = path.join(files, 'empty')
  const failing = path.join(files, 'failing')
  for (const directory of [empty, failing]) mkdirSync(directory)
  writeFileSync(path.join(failing, 'Dockerfile'), 'FROM scratch\nCOPY absent /absent\n')
  const build = (...args: string[]) => instance.ccs('image', 'build', ...args)
  refused(await build(path.join(files, 'nowhere'), '-t', 'x'), 2, /there is no directory/)
  refused(await build(empty, '-t', 'x'), 2, /there is no Dockerfile or Containerfile in/)
  refused(await build(hello, '-t', 'x', '-f', 'Other'), 2, /there is no Other in/)
  refused(await build(hello, '-t', 'Big'), 2, /"Big" is no image name; write NAME\[:TAG\]/)
  refused(await build(hello, '-t', 'docker.io/x:1'), 2, /is for the registry docker\.io/)
  refused(await build(hello, '-t', 'x', '-p', 'No Project'), 2, /is no name for a project/)
  refused(await build(failing, '-t', 'x'), 1, /absent.*no such file or directory[^]*build failed/)
  const full = 'registry.ccs.internal/default/again:2'
  assert.equal(await ok(build(hello, '-q', '-t', full)), full, 'a name as it is printed')
  const other = await ok(build(hello, '-q', '-t', 'again', '-p', 'team', '-o', 'json'))
  assert.deepEqual(JSON.parse(other), { image: 'registry.ccs.internal/team/again:latest' })
  const list = await ok(instance.ccs('image', 'list'))
  assert.deepEqual(
    list
      .split('\n')
      .slice(1)
      .map((line) => line.split(/ +/, 2).join(':')),
    ['default/again:2', 'default/hello:1', 'team/again:latest'],
  )
})

test('ccs service create tells of an image that is not there, and waits no longer than told', async () => {
  const create = (name: string, ...args: string[]) =>
    instance.ccs('service', 'create', name, ...args)
  refused(
    await create('lost', '--image', 'nope:1'),
    1,
    /service "lost" was not made: image "nope:1" is not in the registry[^]*build it with 'ccs image build DIR -t nope:1'/,
  )
  refused(await create('hello', '--image', 'hello:1'), 1, /has a service "hello" already/)
  // Nothing listens there, so it never is ready.
  refused(
    await create('slow', '--image', 'hello:1', '--port', '9', '--timeout', '1'),
    5,
    /not ready after 1 s .*'ccs service get slow' shows how it is/,
  )
  const scaled = await ok(
    instance.ccs('service', 'scale', 'slow', '--replicas', '0', '--no-wait', '-o', 'json'),
  )
  assert.equal((JSON.parse(scaled) as { spec: { replicas: number } }).spec.replicas, 0)
  await ok(instance.ccs('service', 'delete', 'slow'))
  assert.deepEqual(await serviceNames(), ['hello'])
})

test('an instance beside serves on while another comes and is purged', async () => {
  const other = await Instance.create()
  const load = steadyLoad(url)
  let names: string[]
  try {
    const { code, stderr } = await other.up()
    assert.equal(code, 0, stderr)
    names = [other.id, other.dataDir]
    assert.notEqual(other.id, instance.id)
  } finally {
    assert.equal((await other.purge()).code, 0)
  }
  const { sent, failures } = await load.stop()
  assert.deepEqual(failures, [], `${failures.length} of ${sent} failed`)
  assert.deepEqual(await leftBehind(names), [])
})

test('a running instance keeps its ports; one that was stopped may change them', async () => {
  const port = await freePort()
  refused(await instance.ccs('up', `--api-port=${port}`), 1, /runs with api port \d+\. Stop it/)
  for (let i = 0; i < 2; i++) await ok(instance.ccs('down'))
  const status = await instance.ccs('status', '-o', 'json')
  assert.equal((JSON.parse(status.stdout) as { phase: string }).phase, 'Stopped')
  refused(status, 4, /Start it with 'ccs up'/)
  for (const args of [
    ['service', 'list'],
    ['machine', 'list'],
    ['image', 'list'],
    ['image', 'build', exampleDirectory(), '-t', 'x'],
  ])
    refused(await instance.ccs(...args), 4, /does not answer.*Start it with 'ccs up'/)
  assert.match(await ok(instance.ccs('kubeconfig', 'local')), /server: https:/)
  await ok(instance.ccs('up', `--api-port=${port}`))
  assert.match(
    await ok(instance.ccs('kubeconfig', 'local')),
    new RegExp(`127\\.0\\.0\\.1:${port}/`),
  )
  assert.deepEqual(await serviceNames(), ['hello'])
  await fetchText(url)
})

test('ccs down --purge twice leaves nothing and is done twice', async () => {
  const names = [instance.id, instance.dataDir]
  for (let i = 0; i < 2; i++) await ok(instance.ccs('down', '--purge'))
  assert.equal(existsSync(instance.dataDir), false)
  assert.deepEqual(await leftBehind(names), [])
})
