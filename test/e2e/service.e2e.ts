// A service's life as its developer lives it: made, changed, rolled back, restarted, read, and what it does when
// something is wrong. One instance for all steps; each finds the service as the one before left it.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import {
  eventually,
  fetchText,
  Instance,
  kubectlMissing,
  type Result,
  run,
  steadyLoad,
} from './instance.ts'
import { WRONG_FIELDS, type WrongField } from './wrong-fields.ts'

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..', '..')
const HUB = ['--context', 'ccs-hub']
const LOCAL = ['--context', 'ccs-local']

let instance: Instance
let files: string
let url = ''

interface Pod {
  metadata: { name: string; uid: string; deletionTimestamp?: string }
  spec: { nodeName?: string; containers: { image: string }[] }
  status: { conditions?: { type: string; status: string }[] }
}

interface Revision {
  spec: {
    revision: number
    image: string
    resolvedImage: string
    changedBy: string
    cause?: string
  }
}

interface Service {
  metadata: { generation: number }
  spec: { image: string; replicas: number }
  status: { phase: string; image: string; revision: number; url?: string }
}

async function ok(result: Promise<Result>): Promise<string> {
  const { code, stdout, stderr } = await result
  assert.equal(code, 0, stderr)
  return stdout.trim()
}

function refused({ code, stderr }: Result, exitCode: number, message: RegExp): void {
  assert.match(stderr, message)
  assert.equal(code, exitCode, stderr)
  assert.doesNotMatch(stderr, /^ +at |\bundefined\b|\[object/m, 'told as to people')
}

const service = (...args: string[]) => instance.ccs('service', ...args)
const asJson = async <T>(result: Promise<Result>): Promise<T> => JSON.parse(await ok(result)) as T
const getService = (name: string) => asJson<Service>(service('get', name, '-o', 'json'))
const history = (name: string) => asJson<Revision[]>(service('history', name, '-o', 'json'))

async function podsOf(name: string): Promise<Pod[]> {
  const { items } = await asJson<{ items: Pod[] }>(
    instance.kubectl(...LOCAL, 'get', 'pods', '-l', `ccs.dev/service=${name}`, '-o', 'json'),
  )
  return items.filter(({ metadata }) => metadata.deletionTimestamp === undefined)
}

const uidsOf = async (name: string) =>
  (await podsOf(name)).map((pod) => pod.metadata.uid).toSorted()

/** A web server that ends at once when it is told to: what it serves on is not its own doing. */
async function buildWeb(tag: string, text: string): Promise<void> {
  const directory = path.join(files, text)
  mkdirSync(directory, { recursive: true })
  copyFileSync('/bin/busybox', path.join(directory, 'busybox'))
  writeFileSync(path.join(directory, 'index.html'), `${text}\n`)
  writeFileSync(
    path.join(directory, 'run.sh'),
    [
      'trap "exit 0" TERM',
      `echo "serving ${text}"`,
      '/bin/busybox httpd -f -p "${PORT:-8080}" -h /www &',
      'wait',
      '',
    ].join('\n'),
  )
  writeFileSync(
    path.join(directory, 'Dockerfile'),
    'FROM scratch\nCOPY busybox /bin/busybox\nCOPY index.html /www/index.html\nCOPY run.sh /run.sh\n' +
      'ENTRYPOINT ["/bin/busybox", "sh", "/run.sh"]\n',
  )
  await ok(instance.ccs('image', 'build', directory, '-q', '-t', tag))
}

before(async () => {
  files = mkdtempSync(path.join(tmpdir(), 'ccs-e2e-service-'))
  instance = await Instance.create()
  const { code, stderr } = await instance.up()
  assert.equal(code, 0, stderr)
  await buildWeb('web:1', 'one')
})

after(async () => {
  rmSync(files, { recursive: true, force: true })
  await instance.purge()
})

test('a service is created with a URL, in both zones, with a disruption budget', async () => {
  url = await ok(service('create', 'web', '--image', 'web:1', '--port', '8080', '--replicas', '2'))
  assert.equal((await fetchText(url)).trim(), 'one')
  const shown = await ok(service('get', 'web'))
  assert.match(shown, /zone-a/)
  assert.match(shown, /zone-b/)
  assert.match(shown, /^Readiness: +a connection to port 8080$/m)
  const budget = await ok(
    instance.kubectl(...LOCAL, 'get', 'pdb', 'web', '-o', 'jsonpath={.spec.maxUnavailable}'),
  )
  assert.equal(budget, '25%')
  refused(await service('create', 'web', '--image', 'web:1'), 1, /has a service "web" already/)
})

test('an update shows what differs first, and a dry run only shows it', async () => {
  const before = await getService('web')
  const dry = await service(
    'update',
    'web',
    '--env',
    'COLOR=blue',
    '--limits',
    'memory=64Mi',
    '--dry-run',
  )
  assert.match(
    await ok(Promise.resolve(dry)),
    /env COLOR: \(not set\) -> blue\n +resources\.limits\.memory: \(not set\) -> 64Mi/,
  )
  assert.equal((await getService('web')).metadata.generation, before.metadata.generation)
  const { stderr } = await service('update', 'web', '--env', 'COLOR=blue', '--cause', 'it is nicer')
  assert.match(stderr, /env COLOR: \(not set\) -> blue/)
  const [second, first] = await history('web')
  assert.equal(second!.spec.cause, 'it is nicer')
  assert.equal(second!.spec.changedBy, 'ccs-admin')
  assert.equal(first!.spec.revision, 1)
  const again = await service('update', 'web', '--env', 'COLOR=blue')
  assert.match(again.stderr, /is so already; nothing was changed/)
  assert.equal((await history('web')).length, 2)
})

test('a moved tag changes nothing until its user says so, and a rollback runs the old bits', async () => {
  const before = await getService('web')
  await buildWeb('web:1', 'two')
  await ok(service('scale', 'web', '--replicas', '3'))
  assert.equal((await fetchText(url)).trim(), 'one', 'scaling looks up no tag')
  await ok(service('update', 'web', '--image', 'web:1'))
  assert.equal((await fetchText(url)).trim(), 'two')
  assert.equal((await getService('web')).status.revision, 3)
  const dry = await service('rollback', 'web', '--to', '1', '--dry-run')
  assert.match(
    dry.stdout,
    /image: web:1@sha256:\w+ -> web:1@sha256:\w+\n +env COLOR: blue -> \(not set\)/,
  )
  const rolled = await service('rollback', 'web', '--to', '1')
  assert.match(rolled.stderr, /runs what revision 1 was as revision 4/)
  assert.equal((await fetchText(url)).trim(), 'one')
  const now = await getService('web')
  assert.equal(now.status.image, before.status.image, 'the digest of that time')
  for (const pod of await podsOf('web'))
    assert.equal(pod.spec.containers[0]!.image, before.status.image)
  refused(await service('rollback', 'web', '--to', '9'), 3, /no revision 9; there are: 1, 2, 3, 4/)
  const same = await service('rollback', 'web', '--to', '4')
  assert.match(same.stderr, /runs the same as revision 4; nothing was changed/)
})

test('no request is lost while it is restarted, updated, rolled back and scaled', async (t) => {
  const loads = Array.from({ length: 4 }, () => steadyLoad(url))
  t.after(() => Promise.all(loads.map((load) => load.stop())))
  const before = await uidsOf('web')
  await ok(service('restart', 'web'))
  const now = await uidsOf('web')
  assert.equal(now.filter((uid) => before.includes(uid)).length, 0, 'all are new')
  assert.equal((await getService('web')).status.revision, 4, 'a restart is no revision')
  await ok(service('update', 'web', '--image', 'web:1'))
  await ok(service('rollback', 'web'))
  await ok(service('scale', 'web', '--replicas', '5'))
  await ok(service('scale', 'web', '--replicas', '2'))
  const results = await Promise.all(loads.map((load) => load.stop()))
  const failures = results.flatMap((result) => result.failures)
  const sent = results.reduce((sum, result) => sum + result.sent, 0)
  assert.deepEqual(failures, [], `${failures.length} of ${sent} failed`)
  assert.ok(sent > 100, `${sent} requests are no load`)
})

test(
  'what kubectl changes beside ccs is set back, and a restart by kubectl is not taken back by a scaling',
  { skip: kubectlMissing },
  async () => {
    const kubectl = (...args: string[]) => ok(instance.kubectl(...LOCAL, ...args))
    await kubectl('scale', 'deployment', 'web', '--replicas=5')
    await eventually('two replicas again', 10_000, async () => {
      const { stdout } = await instance.kubectl(
        ...LOCAL,
        'get',
        'deployment',
        'web',
        '-o',
        'jsonpath={.spec.replicas}',
      )
      return stdout === '2'
    })
    await eventually('the event', 5_000, async () =>
      /Reverted .*deployment spec\.replicas/.test((await service('events', 'web')).stdout),
    )
    await kubectl('rollout', 'restart', 'deployment/web')
    await kubectl('rollout', 'status', 'deployment/web', '--timeout=60s')
    const template = () => kubectl('get', 'deployment', 'web', '-o', 'jsonpath={.spec.template}')
    const before = await template()
    assert.match(before, /kubectl\.kubernetes\.io\/restartedAt/)
    await ok(service('scale', 'web', '--replicas', '3'))
    assert.equal(await template(), before)
    await ok(service('scale', 'web', '--replicas', '2'))
  },
)

test('a budget lets one of two instances go at a time, and a drained machine loses no request', async (t) => {
  const evict = async (name: string) => {
    const eviction = {
      apiVersion: 'policy/v1',
      kind: 'Eviction',
      metadata: { name, namespace: 'default' },
    }
    // A raw path is one of the whole server.
    const where = `/clusters/local/api/v1/namespaces/default/pods/${name}/eviction`
    return instance.kubectlWith(
      JSON.stringify(eviction),
      ...LOCAL,
      'create',
      '--raw',
      where,
      '-f',
      '-',
    )
  }
  await eventually('a disruption allowed', 10_000, async () => {
    const { stdout } = await instance.kubectl(
      ...LOCAL,
      'get',
      'pdb',
      'web',
      '-o',
      'jsonpath={.status.disruptionsAllowed}',
    )
    return stdout === '1'
  })
  const load = steadyLoad(url)
  t.after(() => load.stop())
  const [first, second] = await podsOf('web')
  await ok(evict(first!.metadata.name))
  const late = await evict(second!.metadata.name)
  assert.match(late.stderr, /Cannot evict pod as it would violate the pod's disruption budget/)
  await eventually(
    'both ready',
    30_000,
    async () => (await getService('web')).status.phase === 'Ready',
  )
  await ok(instance.ccs('machine', 'stop', 'local-2'))
  await ok(instance.ccs('machine', 'start', 'local-2'))
  const { sent, failures } = await load.stop()
  assert.deepEqual(failures, [], `${failures.length} of ${sent} failed`)
  await ok(service('scale', 'web', '--replicas', '1'))
  const gone = await instance.kubectl(...LOCAL, 'get', 'pdb', 'web')
  assert.match(gone.stderr, /"web" not found/, 'one instance has nothing to be protected with')
})

test('the only instance of a service moves without a gap when its machine is stopped', async (t) => {
  const [only] = await podsOf('web')
  const machine = only!.spec.nodeName!
  const load = steadyLoad(url)
  t.after(() => load.stop())
  await ok(instance.ccs('machine', 'stop', machine))
  await ok(instance.ccs('machine', 'start', machine))
  const { sent, failures } = await load.stop()
  assert.deepEqual(failures, [], `${failures.length} of ${sent} failed`)
  const [now] = await podsOf('web')
  assert.notEqual(now!.spec.nodeName, machine)
})

test('logs come from all instances as one, and from those that join while they are followed', async () => {
  const output: string[] = []
  const follow = spawn(path.join(root, 'ccs'), [
    'service',
    'logs',
    'web',
    '-f',
    '--data-dir',
    instance.dataDir,
  ])
  for (const stream of [follow.stdout, follow.stderr])
    stream.on('data', (chunk: Buffer) => output.push(chunk.toString()))
  try {
    await eventually('a first line', 10_000, async () => /\| serving/.test(output.join('')))
    await ok(service('scale', 'web', '--replicas', '2'))
    await eventually('the second instance', 10_000, async () =>
      /-- joins: web-\w+-\w+\n[^]*\| serving/.test(output.join('')),
    )
  } finally {
    follow.kill('SIGINT')
  }
  const lines = (await ok(service('logs', 'web'))).split('\n')
  const names = (await podsOf('web')).map(({ metadata }) => metadata.name.slice('web-'.length))
  assert.deepEqual(
    new Set(lines.filter((line) => line.includes('serving')).map((line) => line.split(' | ')[0])),
    new Set(names),
  )
  const one = await ok(
    service('logs', 'web', '--timestamps', '--tail', '1', '--instance', names[0]!),
  )
  assert.match(one, new RegExp(`^${names[0]} \\| \\d{4}-\\d\\d-\\d\\dT[\\d:.]+Z serving`))
  assert.match(
    (await service('logs', 'web', '--previous')).stderr,
    /No container .* has ended before/,
  )
})

test('a command runs in an instance and its exit code is that of ccs', async () => {
  const exec = (words: string[], input?: string) =>
    run(
      [
        ...`${root}/ccs service exec web --data-dir ${instance.dataDir} -i -- /bin/busybox`.split(
          ' ',
        ),
        ...words,
      ],
      input === undefined ? {} : { input },
    )
  assert.equal((await exec(['cat', '/www/index.html'])).stdout, 'one\n')
  assert.equal((await exec(['cat'], 'typed')).stdout, 'typed')
  const failed = await exec(['sh', '-c', 'echo why >&2; exit 7'])
  assert.deepEqual([failed.code, failed.stderr], [7, 'why\n'])
  const { dataDir } = instance
  const absent = await run(
    `${root}/ccs service exec web --data-dir ${dataDir} --instance zzz -- ls`.split(' '),
  )
  refused(absent, 3, /has no instance "zzz"\. There are: web-/)
  const noProgram = await run(
    `${root}/ccs service exec web --data-dir ${dataDir} -- nosuch`.split(' '),
  )
  refused(noProgram, 1, /has no program "nosuch"/)
})

test('one instance is restarted by the end of its name, and another takes its place', async () => {
  const before = await podsOf('web')
  const [, suffix] = /-(\w+)$/.exec(before[0]!.metadata.name)!
  await ok(service('restart', 'web', '--instance', suffix!))
  const now = await uidsOf('web')
  assert.deepEqual(
    before.map(({ metadata }) => now.includes(metadata.uid)),
    [false, true],
  )
})

test('what cannot be is refused with a reason, and leaves things as they were', async () => {
  const before = await getService('web')
  const wrong: [string[], RegExp][] = [
    [['--image', 'web:9'], /service "web" is as it was: image "web:9" is not in the registry/],
    [
      ['--requests', 'memory=640Gi'],
      /is as it was: an instance asks for 640Gi of memory, and no machine of cluster "local" is that large/,
    ],
  ]
  for (const [args, message] of wrong) refused(await service('update', 'web', ...args), 1, message)
  const now = await getService('web')
  assert.deepEqual(now.spec, before.spec)
  assert.equal((await fetchText(url)).trim(), 'one')
  const create = (...args: string[]) => service('create', 'lost', '--image', ...args)
  refused(
    await create('nope:1'),
    1,
    /service "lost" was not made: image "nope:1" is not in the registry/,
  )
  refused(await create('web:1', '--requests', 'cpu=1k'), 1, /was not made: .*asks for 1k of cpu/)
  refused(await service('get', 'lost'), 3, /there is no service "lost"/)
})

test('an instance that does not come up is told of at once, with the end of its log', async () => {
  // What follows -- is the container's: the instance has to be named before.
  const result = await run([
    path.join(root, 'ccs'),
    'service',
    'create',
    'crash',
    '--data-dir',
    instance.dataDir,
    '--image',
    'web:1',
    '--access',
    'None',
    '--command',
    '--timeout',
    '60',
    '--',
    '/bin/busybox',
    'sh',
    '-c',
    'echo looking; echo "no config.yaml" >&2; exit 3',
  ])
  refused(result, 1, /does not come up: CrashLoopBackOff.*exit code 3[^]*no config\.yaml/)
  assert.match(await ok(service('get', 'crash')), /CrashLoopBackOff/)
  await ok(service('delete', 'crash'))
})

test('a service of UDP alone has an address and no check; ports that are taken move', async () => {
  await ok(service('create', 'dns', '--image', 'web:1', '--port', '5353/udp'))
  const dns = await getService('dns')
  assert.equal(dns.status.phase, 'Ready')
  assert.match(dns.status.url ?? '', /^udp:\/\/127\.0\.0\.1:\d+$/)
  await ok(service('create', 'twin', '--image', 'web:1', '--port', '8080', '--port', '81:8080'))
  const twin = await getService('twin')
  assert.notEqual(twin.status.url, url)
  assert.equal((await fetchText(twin.status.url!)).trim(), 'two')
})

test('a service is deleted while it is updated, with its revisions', async () => {
  await ok(service('update', 'twin', '--env', 'A=1', '--no-wait'))
  for (const name of ['twin', 'dns']) await ok(service('delete', name))
  const left = await asJson<{ items: { metadata: { name: string } }[] }>(
    instance.kubectl(...HUB, 'get', 'servicerevisions', '-o', 'json'),
  )
  assert.deepEqual(
    left.items.filter(({ metadata }) => !metadata.name.startsWith('web-')),
    [],
  )
})

test('a name as long as names may be works from end to end', async () => {
  const name = `a${'b'.repeat(61)}c`
  await ok(service('create', name, '--image', 'web:1', '--port', '8080'))
  await ok(service('delete', name))
  refused(await service('create', `${name}d`, '--image', 'web:1'), 2, /at most 63 of them/)
})

test(
  'kubectl apply of a wrong field is refused with field and reason',
  { skip: kubectlMissing },
  async () => {
    const manifest = ({ spec }: WrongField, index: number) => ({
      apiVersion: 'ccs.dev/v1alpha1',
      kind: 'ContainerService',
      metadata: { name: `wrong-${index}`, namespace: 'default' },
      spec: { cluster: 'local', image: 'web:1', ports: [{ port: 80 }], ...spec },
    })
    const list = { apiVersion: 'v1', kind: 'List', items: WRONG_FIELDS.map(manifest) }
    const { code, stderr } = await instance.kubectlWith(
      JSON.stringify(list),
      ...HUB,
      'apply',
      // Of a list kubectl itself would look at the first item that lacks something, and send none.
      '--validate=false',
      '-f',
      '-',
    )
    assert.equal(code, 1)
    const told = stderr.split('\n')
    for (const [index, { spec, message }] of WRONG_FIELDS.entries()) {
      const about = told.filter((line) => new RegExp(`wrong-${index}\\b`).test(line)).join('\n')
      assert.match(about, message, JSON.stringify(spec))
    }
    const unknown = JSON.stringify(manifest({ spec: { replica: 2 }, message: /./ }, 0))
    const strict = await instance.kubectlWith(unknown, ...HUB, 'apply', '-f', '-')
    assert.match(strict.stderr, /unknown field "spec\.replica"/)
    const names = await ok(service('list', '-o', 'json'))
    assert.doesNotMatch(names, /wrong-/)
  },
)

test('a service in a cluster that is not there says so, and runs once it is told another', async () => {
  const lost = {
    apiVersion: 'ccs.dev/v1alpha1',
    kind: 'ContainerService',
    metadata: { name: 'far', namespace: 'default' },
    spec: { cluster: 'moon', image: 'web:1', ports: [{ port: 8080 }] },
  }
  await ok(instance.kubectlWith(JSON.stringify(lost), ...HUB, 'apply', '-f', '-'))
  await eventually('the reason', 10_000, async () =>
    /cluster "moon" is not there; there are: local/.test((await service('get', 'far')).stdout),
  )
  refused(await service('update', 'far', '--cluster', 'mars'), 3, /there is no cluster "mars"/)
  const moved = await service('update', 'far', '--cluster', 'local')
  assert.match(moved.stderr, /cluster: moon -> local/)
  assert.equal(moved.code, 0, moved.stderr)
  await ok(service('delete', 'far'))
})
