// What the conformance tests ask of kubectl where pods must run, against simulated nodes: the cases of
// sig-cli in test/data/kubernetes-1.36/conformance.json that name this file.
import assert from 'node:assert/strict'
import { execFile, spawn } from 'node:child_process'
import { request } from 'node:http'
import path from 'node:path'
import { text } from 'node:stream/consumers'
import { after, before, test } from 'node:test'
import { stripVTControlCharacters } from 'node:util'
import { type Dev, skipDev, startDev } from './start-dev.ts'

const TIMEOUT_MS = 30_000
const WAIT = '--timeout=25s'
const IMAGE = 'sim/app:1'

let dev: Dev

before(async () => {
  if (skipDev === false) dev = await startDev('--nodes', '2', '--seed', '7')
})
after(() => dev?.close())

const environment = () => ({
  PATH: process.env['PATH'],
  HOME: dev.directory,
  KUBECONFIG: dev.kubeconfig,
})

function runKubectl(args: string[], input = ''): Promise<{ code: number; out: string }> {
  return new Promise((resolve) => {
    const options = { env: environment(), timeout: TIMEOUT_MS }
    const child = execFile('kubectl', args, options, (error, stdout, stderr) =>
      resolve({
        code: error === null ? 0 : Number(error.code ?? 1),
        out: error === null ? stdout.trim() : `${stdout}${stderr}`.trim(),
      }),
    )
    child.stdin!.end(input)
  })
}

async function kubectl(...args: string[]): Promise<string> {
  return piped('', ...args)
}

async function piped(input: string, ...args: string[]): Promise<string> {
  const { code, out } = await runKubectl(args, input)
  assert.equal(code, 0, `kubectl ${args.join(' ')}: ${out}`)
  return out
}

/** An own namespace for each test, as the conformance tests have. */
async function namespaceFor(name: string): Promise<string> {
  await kubectl('create', 'namespace', name)
  await kubectl('wait', '--for=create', 'serviceaccount/default', '-n', name, WAIT)
  return `--namespace=${name}`
}

const controller = (name: string, replicas: number) => {
  const labels = { app: 'store', role: name }
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'ReplicationController',
    metadata: { name, labels },
    spec: {
      replicas,
      selector: labels,
      template: {
        metadata: { labels },
        spec: {
          containers: [
            { name: 'main', image: IMAGE, ports: [{ name: 'server', containerPort: 6379 }] },
          ],
        },
      },
    },
  })
}

const ready = (namespace: string, labels: string, count: number) =>
  waitFor(`${count} ready pods of ${labels}`, async () => {
    const path = `{range .items[?(@.status.phase=="Running")]}{.status.containerStatuses[0].ready} {end}`
    const out = await kubectl('get', 'pods', namespace, '-l', labels, '-o', `jsonpath=${path}`)
    return out.split(' ').filter((word) => word === 'true').length === count
  })

async function waitFor(what: string, holds: () => Promise<boolean>): Promise<void> {
  for (let n = 0; n < 100; n++) {
    if (await holds()) return
    await new Promise((resolve) => setTimeout(resolve, 200))
  }
  assert.fail(`waited in vain for ${what}`)
}

const options = { skip: skipDev, timeout: 120_000 }

test('a replication controller is created, scaled and stopped', options, async () => {
  const ns = await namespaceFor('update-demo')
  await piped(controller('demo', 2), 'create', '-f', '-', ns)
  await ready(ns, 'role=demo', 2)
  await kubectl('scale', 'rc', 'demo', '--replicas=1', '--timeout=1m', ns)
  await ready(ns, 'role=demo', 1)
  await kubectl('scale', 'rc', 'demo', '--replicas=2', '--timeout=1m', ns)
  await ready(ns, 'role=demo', 2)
  await piped(controller('demo', 2), 'delete', '--grace-period=0', '--force', '-f', '-', ns)
  await kubectl('wait', '--for=delete', 'pod', '-l', 'role=demo', ns, WAIT)
  const left = await kubectl('get', 'rc,svc', '-l', 'role=demo', '--no-headers', ns)
  assert.equal(left, '')
})

test('describe tells of controllers, pods, services, nodes and namespaces', options, async () => {
  const ns = await namespaceFor('describe')
  await piped(controller('primary', 1), 'create', '-f', '-', ns)
  await kubectl('expose', 'rc', 'primary', '--name=store', '--port=6379', ns)
  await ready(ns, 'role=primary', 1)
  const told: Record<string, string[]> = {
    'rc primary': [
      'Name: primary',
      'Namespace: describe',
      'Selector: app=store,role=primary',
      'Labels: app=store',
      'role=primary',
      'Annotations:',
      'Replicas: 1 current / 1 desired',
      'Pods Status: 1 Running / 0 Waiting / 0 Succeeded / 0 Failed',
      'Pod Template:',
      `Image: ${IMAGE}`,
      'Events:',
      'Created pod: primary-',
    ],
    'pod -l role=primary': [
      'Name: primary-',
      'Namespace: describe',
      'Node:',
      'Labels: app=store',
      'Annotations:',
      'Status: Running',
      'IP: 10.',
      'Controlled By: ReplicationController/primary',
      `Image: ${IMAGE}`,
      'State: Running',
      'QoS Class: BestEffort',
    ],
    'service store': [
      'Name: store',
      'Namespace: describe',
      'Labels: app=store',
      'Annotations:',
      'Selector: app=store,role=primary',
      'Type: ClusterIP',
      'IP: 10.',
      'Port: <unset> 6379/TCP',
      'Endpoints: 10.',
      'Session Affinity: None',
    ],
    'node node-1': [
      'Name: node-1',
      'Labels:',
      'Annotations:',
      'CreationTimestamp:',
      'Conditions:',
      'Type',
      'Status',
      'LastHeartbeatTime',
      'LastTransitionTime',
      'Reason',
      'Message',
      'Addresses:',
      'Capacity:',
      'Version:',
      'Kubelet Version:',
      'Non-terminated Pods:',
    ],
    'namespace describe': ['Name: describe', 'Labels:', 'Annotations:', 'Status: Active'],
  }
  for (const [what, lines] of Object.entries(told)) {
    const out = (await kubectl('describe', ...what.split(' '), ns)).replace(/ +/g, ' ')
    for (const line of lines) assert.ok(out.includes(line), `${what} lacks "${line}": ${out}`)
  }
})

test('expose makes services of a controller and of a service', options, async () => {
  const ns = await namespaceFor('expose')
  await piped(controller('primary', 1), 'create', '-f', '-', ns)
  await ready(ns, 'role=primary', 1)
  await kubectl('expose', 'rc', 'primary', '--name=rm2', '--port=1234', '--target-port=6379', ns)
  await kubectl('expose', 'service', 'rm2', '--name=rm3', '--port=2345', '--target-port=6379', ns)
  for (const [name, port] of Object.entries({ rm2: '1234', rm3: '2345' })) {
    const portOf = '{.spec.ports[0].port}->{.spec.ports[0].targetPort}'
    const out = await kubectl('get', 'service', name, '-o', `jsonpath=${portOf}`, ns)
    assert.equal(out, `${port}->6379`)
    await waitFor(`endpoints of ${name}`, async () => {
      const backend = '{.subsets[0].addresses[0].ip}:{.subsets[0].ports[0].port}'
      const ends = await kubectl('get', 'endpoints', name, '-o', `jsonpath=${backend}`, ns)
      return /^10\.[\d.]+:6379$/.test(ends)
    })
  }
})

test('label, patch and annotate change a running pod', options, async () => {
  const ns = await namespaceFor('label')
  await piped(controller('primary', 2), 'create', '-f', '-', ns)
  await ready(ns, 'role=primary', 2)
  const names = (await kubectl('get', 'pods', '-o', 'name', ns)).split('\n')
  for (const name of names)
    await kubectl('patch', name, '-p', '{"metadata":{"annotations":{"x":"y"}}}', ns)
  const annotations = '{range .items[*]}{.metadata.annotations.x}{end}'
  assert.equal(await kubectl('get', 'pods', '-o', `jsonpath=${annotations}`, ns), 'yy')

  await kubectl('label', names[0]!, 'testing-label=testing-label-value', ns)
  assert.match(await kubectl('get', names[0]!, '-L', 'testing-label', ns), /testing-label-value/)
  await kubectl('label', names[0]!, 'testing-label-', ns)
  assert.doesNotMatch(await kubectl('get', names[0]!, '-L', 'testing-label', ns), /label-value/)
})

test('run makes one pod, replace changes its image, a dry run does not', options, async () => {
  const ns = await namespaceFor('run')
  await kubectl('run', 'one', '--restart=Never', `--image=${IMAGE}`, ns)
  await kubectl('wait', '--for=condition=Ready', 'pod/one', ns, WAIT)
  const image = () => kubectl('get', 'pod', 'one', '-o', 'jsonpath={.spec.containers[*].image}', ns)
  assert.equal(await image(), IMAGE)
  const patch = '{"spec":{"containers":[{"name":"one","image":"sim/app:2"}]}}'
  await kubectl('patch', 'pod', 'one', '-p', patch, '--dry-run=server', ns)
  assert.equal(await image(), IMAGE)

  const replaced = (await kubectl('get', 'pod', 'one', '-o', 'json', ns)).replaceAll(
    `"image": "${IMAGE}"`,
    '"image": "sim/app:3"',
  )
  await piped(replaced, 'replace', '-f', '-', ns)
  assert.equal(await image(), 'sim/app:3')
  await piped(replaced, 'replace', '--force', '-f', '-', ns)
  await kubectl('wait', '--for=condition=Ready', 'pod/one', ns, WAIT)
})

test('diff finds another image, and says so by its exit code', options, async () => {
  const ns = await namespaceFor('diff')
  const manifest = await kubectl(
    'create',
    'deployment',
    'd',
    `--image=${IMAGE}`,
    '--dry-run=client',
    '-o',
    'yaml',
    ns,
  )
  await piped(manifest, 'apply', '-f', '-', ns)
  const other = await runKubectl(['diff', '-f', '-', ns], manifest.replace(IMAGE, 'sim/other:1'))
  assert.equal(other.code, 1, other.out)
  assert.match(other.out, /^-\s+- image: sim\/app:1$/m)
  assert.match(other.out, /^\+\s+- image: sim\/other:1$/m)
  assert.equal((await runKubectl(['diff', '-f', '-', ns], manifest)).code, 0)
})

test('versions, cluster-info and api-versions name the server', options, async () => {
  const version = await kubectl('version')
  assert.match(version, /^Client Version: v/m)
  assert.match(version, /^Server Version: v1\.36\./m)
  const info = stripVTControlCharacters(await kubectl('cluster-info'))
  assert.match(info, /Kubernetes control plane is running at https:\/\/127\.0\.0\.1:\d+/)
  assert.ok((await kubectl('api-versions')).split('\n').includes('v1'))
})

for (const [what, ...where] of [
  ['a port of its own choice', '--port=0', '--disable-filter=true'],
  ['a Unix socket', '--unix-socket'],
])
  test(`kubectl proxy serves the API on ${what}`, options, async (context) => {
    const socketPath = path.join(dev.directory, 'proxy.sock')
    const args = where[0] === '--unix-socket' ? [`--unix-socket=${socketPath}`] : where
    const child = spawn('kubectl', ['proxy', ...args], {
      env: environment(),
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    context.after(() => child.kill('SIGKILL'))
    let said = ''
    for await (const chunk of child.stdout) {
      said += String(chunk)
      if (said.includes('\n')) break
    }
    const port = /127\.0\.0\.1:(\d+)/.exec(said)?.[1]
    const at = port === undefined ? { socketPath } : { host: '127.0.0.1', port }
    const answer = await new Promise<string>((resolve, reject) => {
      request({ ...at, path: '/api/' }, (response) => resolve(text(response)))
        .once('error', reject)
        .end()
    })
    const { versions } = JSON.parse(answer) as { versions: string[] }
    assert.deepEqual(versions, ['v1'])
  })
