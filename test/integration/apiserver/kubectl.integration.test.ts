// Real kubectl against the API server over HTTPS.
import assert from 'node:assert/strict'
import { execFile, spawn } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { after, before, test } from 'node:test'
import { promisify } from 'node:util'
import type { TestServer } from './test-server.ts'
import { startTestServer } from './test-server.ts'

const run = promisify(execFile)
const TIMEOUT_MS = 30_000

let server: TestServer

before(async () => {
  server = await startTestServer()
  await kubectl('create', 'serviceaccount', 'default')
})
after(() => server.close())

const environment = () => ({
  ...process.env,
  KUBECONFIG: server.kubeconfig,
  HOME: server.directory,
})

async function kubectl(...args: string[]): Promise<string> {
  const options = { env: environment(), timeout: TIMEOUT_MS }
  const { stdout } = await run('kubectl', args, options)
  return stdout.trim()
}

/** What kubectl says when it fails. */
async function refused(...args: string[]): Promise<string> {
  try {
    await kubectl(...args)
  } catch (error) {
    return (error as { stderr: string }).stderr.trim()
  }
  throw new assert.AssertionError({ message: `kubectl ${args.join(' ')} did not fail` })
}

async function file(name: string, ...objects: object[]): Promise<string> {
  const place = path.join(server.directory, name)
  await writeFile(place, JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects }))
  return place
}

const workload = (name: string, image = 'nginx') => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name, labels: { app: name } },
  spec: {
    replicas: 2,
    selector: { matchLabels: { app: name } },
    template: {
      metadata: { labels: { app: name } },
      spec: { containers: [{ name: 'web', image, ports: [{ containerPort: 80 }] }] },
    },
  },
})

test('kubectl apply creates, leaves alone, changes and prunes fields', async () => {
  const place = await file('apply.json', workload('applied'))
  assert.equal(await kubectl('apply', '-f', place), 'deployment.apps/applied created')
  assert.equal(await kubectl('apply', '-f', place), 'deployment.apps/applied unchanged')
  await file('apply.json', workload('applied', 'nginx:2'))
  assert.equal(await kubectl('apply', '-f', place), 'deployment.apps/applied configured')
  const image = '{.spec.template.spec.containers[*].image}'
  assert.equal(await kubectl('get', 'deploy', 'applied', '-o', `jsonpath=${image}`), 'nginx:2')
})

test('kubectl create makes objects from its arguments', async () => {
  const made = [
    ['namespace', 'n'],
    ['configmap', 'c', '--from-literal=a=b'],
    ['secret', 'generic', 's', '--from-literal=a=b'],
    ['deployment', 'd', '--image=nginx', '--replicas=0', '--port=80'],
    ['service', 'clusterip', 'v', '--tcp=80:8080'],
    ['role', 'r', '--verb=get', '--resource=pods'],
    ['rolebinding', 'b', '--role=r', '--serviceaccount=default:default'],
  ]
  for (const args of made) assert.match(await kubectl('create', ...args), / created$/)
  assert.equal(await kubectl('get', 'cm', 'c', '-o', 'jsonpath={.data.a}'), 'b')
  assert.equal(
    await kubectl('get', 'secret', 's', '-o', 'go-template={{.data.a|base64decode}}'),
    'b',
  )
  assert.equal(await kubectl('get', 'deploy', 'd', '-o', 'jsonpath={.spec.replicas}'), '0')
  const port = await kubectl('get', 'svc', 'v', '-o', 'jsonpath={.spec.ports[0].targetPort}')
  assert.equal(port, '8080')
})

test('kubectl get prints tables, wide ones, names and YAML', async () => {
  await kubectl('create', 'configmap', 'shown', '--from-literal=a=b')
  assert.match(await kubectl('get', 'cm', 'shown'), /^NAME +DATA +AGE\nshown +1 +\d+s$/)
  assert.equal(await kubectl('get', 'cm', 'shown', '-o', 'name'), 'configmap/shown')
  assert.match(
    await kubectl('get', 'cm', 'shown', '-o', 'yaml'),
    /^apiVersion: v1\ndata:\n {2}a: b\n/,
  )
  await kubectl('apply', '-f', await file('wide.json', workload('wide')))
  const wide = await kubectl('get', 'deploy', 'wide', '-o', 'wide')
  assert.match(wide, /CONTAINERS +IMAGES +SELECTOR\nwide +0\/2 .* web +nginx +app=wide$/)
  assert.match(await kubectl('get', 'all', '-l', 'app=wide'), /deployment.apps\/wide/)
  const fields = await kubectl('get', 'cm', '--field-selector', 'metadata.name=shown', '-o', 'name')
  assert.equal(fields, 'configmap/shown')
})

test('kubectl describe, scale, set image, label, patch and delete work', async () => {
  await kubectl('apply', '-f', await file('changed.json', workload('changed')))
  assert.match(await kubectl('describe', 'deploy', 'changed'), /Replicas: +2 desired/)
  assert.equal(
    await kubectl('scale', 'deploy/changed', '--replicas=5'),
    'deployment.apps/changed scaled',
  )
  await kubectl('set', 'image', 'deploy/changed', 'web=busybox')
  await kubectl('label', 'deploy', 'changed', 'a=b')
  await kubectl('patch', 'deploy', 'changed', '-p', '{"spec":{"paused":true}}')
  await kubectl(
    'patch',
    'deploy',
    'changed',
    '--type=json',
    '-p',
    '[{"op":"remove","path":"/spec/paused"}]',
  )
  const spec = '{.spec.replicas} {.spec.template.spec.containers[0].image} {.metadata.labels.a}'
  assert.equal(await kubectl('get', 'deploy', 'changed', '-o', `jsonpath=${spec}`), '5 busybox b')
  assert.match(await kubectl('delete', 'deploy', 'changed'), /"changed" deleted$/)
  assert.match(
    await refused('get', 'deploy', 'changed'),
    /\(NotFound\): deployments.apps "changed" not found$/,
  )
})

test('kubectl rollout status waits for what the status says', async () => {
  await kubectl('apply', '-f', await file('rollout.json', workload('rollout')))
  const status = {
    observedGeneration: 1,
    replicas: 2,
    updatedReplicas: 2,
    readyReplicas: 2,
    availableReplicas: 2,
  }
  const waiting = kubectl('rollout', 'status', 'deploy/rollout', '--timeout=20s')
  await kubectl(
    'patch',
    'deploy',
    'rollout',
    '--subresource=status',
    '--type=merge',
    '-p',
    JSON.stringify({ status }),
  )
  assert.match(await waiting, /successfully rolled out$/)
})

test('kubectl get -w shows what happens', async () => {
  const child = spawn(
    'kubectl',
    ['get', 'cm', '-w', '-o', 'name', '--field-selector=metadata.name=watched'],
    {
      env: environment(),
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  )
  try {
    // The watch has begun when the server was asked; creating twice over finds the moment.
    const lines = child.stdout.setEncoding('utf8')[Symbol.asyncIterator]()
    const first = lines.next()
    await kubectl('create', 'configmap', 'watched')
    assert.equal(String((await first).value).trim(), 'configmap/watched')
  } finally {
    child.kill()
  }
})

test('kubectl refuses a typing error before anything is stored', async () => {
  const wrong = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'typo' }, datas: {} }
  const message = await refused('apply', '-f', await file('typo.json', wrong))
  // In a List it is kubectl itself that looks, by our OpenAPI; else the server.
  assert.match(message, /unknown field "datas" in io\.k8s\.api\.core\.v1\.ConfigMap/)
})

test('kubectl explain tells the type of a field and what it means', async () => {
  const told = await kubectl('explain', 'deployment.spec.replicas')
  assert.match(told, /FIELD: replicas <integer>/)
  assert.match(told, /How many pods there should be/)
  assert.match(await kubectl('explain', 'pod.spec.containers'), /The image to run/)
})

test('kubectl defines a custom kind and uses it like any other', async () => {
  const properties = {
    spec: { type: 'object', properties: { length: { type: 'integer', maximum: 100 } } },
  }
  const definition = {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: 'boats.example.com' },
    spec: {
      group: 'example.com',
      scope: 'Namespaced',
      names: { plural: 'boats', singular: 'boat', kind: 'Boat', shortNames: ['bt'] },
      versions: [
        {
          name: 'v1',
          served: true,
          storage: true,
          schema: { openAPIV3Schema: { type: 'object', properties } },
          additionalPrinterColumns: [{ name: 'Length', type: 'integer', jsonPath: '.spec.length' }],
        },
      ],
    },
  }
  const boat = (length: number) => ({
    apiVersion: 'example.com/v1',
    kind: 'Boat',
    metadata: { name: 'ada' },
    spec: { length },
  })
  await kubectl('apply', '-f', await file('crd.json', definition))
  await kubectl('wait', '--for=condition=established', 'crd/boats.example.com', '--timeout=10s')
  await kubectl('apply', '-f', await file('boat.json', boat(10)))
  assert.match(await kubectl('get', 'bt'), /^NAME +LENGTH\nada +10$/)
  const tooLong = await refused('apply', '-f', await file('boat.json', boat(1000)))
  assert.match(tooLong, /spec.length in body should be less than or equal to 100/)
  assert.match(await kubectl('explain', 'boat.spec'), /length\s+<integer>/)
  await kubectl('delete', 'crd', 'boats.example.com')
  assert.match(await refused('get', 'boats'), /NotFound|doesn't have a resource type/)
})

test('kubectl sees the other cluster below its path, with credentials of its own', async () => {
  assert.match(
    await kubectl('--context', 'local', 'get', 'ns', 'default', '-o', 'name'),
    /default$/,
  )
  assert.equal(await kubectl('--context', 'local', 'get', 'cm', '-o', 'name'), '')
  const crossed = await refused('--context', 'local', '--user', 'hub', 'get', 'ns')
  assert.match(crossed, /You must be logged in to the server/)
})

test('whoever drops the path reaches the cluster that the certificate is of', async () => {
  await kubectl('--context=local', 'create', 'namespace', 'only-in-local')
  const atRoot = `--server=https://127.0.0.1:${server.port}`
  const name = 'namespace/only-in-local'
  assert.equal(await kubectl('--context=local', atRoot, 'get', name, '-o', 'name'), name)
  assert.match(await refused('--context=hub', atRoot, 'get', name), /"only-in-local" not found/)
})

test('kubectl acts as another user and is told what that one may', async () => {
  assert.equal(await kubectl('auth', 'can-i', 'create', 'pods'), 'yes')
  const message = await refused('get', 'pods', '--as', 'jane')
  assert.match(
    message,
    /User "jane" cannot list resource "pods" in API group "" in the namespace "default"$/,
  )
  const whoami = await kubectl(
    'auth',
    'whoami',
    '--as',
    'jane',
    '-o',
    'jsonpath={.status.userInfo.username}',
  )
  assert.equal(whoami, 'jane')
})

test('kubectl create token gives a token that the server knows', async () => {
  const token = await kubectl('create', 'token', 'default')
  const answer = await fetchWithToken('/api/v1/namespaces/default/pods', token)
  assert.equal(answer.status, 403)
  assert.match(answer.message, /User "system:serviceaccount:default:default" cannot list/)
})

async function fetchWithToken(url: string, token: string) {
  const { get } = await import('node:https')
  return new Promise<{ status: number; message: string }>((resolve, reject) => {
    const options = { ca: server.caPem, headers: { authorization: `Bearer ${token}` } }
    get(`https://127.0.0.1:${server.port}${url}`, options, (response) => {
      let text = ''
      response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk))
      response.on('end', () => {
        const { message } = JSON.parse(text) as { message: string }
        resolve({ status: response.statusCode ?? 0, message })
      })
    }).on('error', reject)
  })
}
