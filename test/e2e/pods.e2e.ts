// What a pod is given and how it lives: configuration, limits, probes, restarts, its end, and whom it
// reaches over the network and whom not.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { networkInterfaces } from 'node:os'
import { after, before, describe, test } from 'node:test'
import { eventually, Instance, kubectlMissing, leftBehind, type Result, run } from './instance.ts'

const IMAGE = 'registry.ccs.internal/default/hello:1'
const NAMESPACE = 'pods'

interface ContainerState {
  waiting?: { reason: string; message?: string }
  running?: object
  terminated?: { reason: string; exitCode: number }
}

interface Pod {
  metadata: { uid: string }
  status: {
    phase: string
    podIP?: string
    containerStatuses?: {
      ready: boolean
      restartCount: number
      state: ContainerState
      lastState: ContainerState
    }[]
  }
}

/** A pod of one container; what is given for the container and the pod is laid over it. */
function pod(name: string, container: object = {}, spec: object = {}) {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, labels: { pod: name } },
    spec: {
      terminationGracePeriodSeconds: 1,
      containers: [{ name: 'main', image: IMAGE, ...container }],
      ...spec,
    },
  }
}

/** A shell script as a container's command; the image has busybox and nothing else. */
const script = (...lines: string[]) => ({ command: ['/bin/busybox', 'sh', '-c', lines.join('\n')] })

const probe = (what: object) => ({ ...what, periodSeconds: 1, failureThreshold: 2 })
const http = (path: string) => probe({ httpGet: { path, port: 8080 } })
const tcp = (port: number) => probe({ tcpSocket: { port } })

const service = (name: string, selects: string) => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name },
  spec: { selector: { pod: selects }, ports: [{ port: 80, targetPort: 8080 }] },
})

const configured = pod(
  'configured',
  {
    ...script(
      'echo "env $COLOR $PASSWORD ${ABSENT:-none} $ALL_color $MILLIS $WHO"',
      'echo files $(busybox cat /secret/password /scratch/init /single /info/labels)',
      'echo "modes $(busybox stat -L -c %a /secret/password) $(busybox stat -f -c %T /memory)"',
      'echo "token $(busybox cat /var/run/secrets/kubernetes.io/serviceaccount/token)"',
      'while busybox sleep 0.2; do echo "color $(busybox cat /config/color)"; done',
    ),
    env: [
      { name: 'COLOR', valueFrom: { configMapKeyRef: { name: 'settings', key: 'color' } } },
      { name: 'PASSWORD', valueFrom: { secretKeyRef: { name: 'key', key: 'password' } } },
      { name: 'ABSENT', valueFrom: { secretKeyRef: { name: 'no', key: 'no', optional: true } } },
      {
        name: 'MILLIS',
        valueFrom: { resourceFieldRef: { resource: 'limits.cpu', divisor: '1m' } },
      },
      { name: 'NAME', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
      { name: 'WHO', value: '$(NAME)-$$' },
    ],
    envFrom: [{ prefix: 'ALL_', configMapRef: { name: 'settings' } }],
    resources: {
      requests: { cpu: '50m', memory: '32Mi' },
      limits: { cpu: '200m', memory: '64Mi' },
    },
    volumeMounts: [
      { name: 'config', mountPath: '/config' },
      { name: 'secret', mountPath: '/secret', readOnly: true },
      { name: 'scratch', mountPath: '/scratch' },
      { name: 'memory', mountPath: '/memory' },
      { name: 'info', mountPath: '/info' },
      { name: 'config', mountPath: '/single', subPath: 'color' },
    ],
  },
  {
    initContainers: [
      {
        name: 'init',
        image: IMAGE,
        ...script('echo from-init > /scratch/init'),
        volumeMounts: [{ name: 'scratch', mountPath: '/scratch' }],
      },
    ],
    volumes: [
      { name: 'config', configMap: { name: 'settings' } },
      { name: 'secret', secret: { secretName: 'key', defaultMode: 0o400 } },
      { name: 'scratch', emptyDir: {} },
      { name: 'memory', emptyDir: { medium: 'Memory' } },
      {
        name: 'info',
        downwardAPI: { items: [{ path: 'labels', fieldRef: { fieldPath: 'metadata.labels' } }] },
      },
    ],
  },
)

const never = { restartPolicy: 'Never' }
const everything = [
  { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'settings' }, data: { color: 'blue' } },
  { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'key' }, stringData: { password: 'pass' } },
  configured,
  pod('ready-http', { readinessProbe: http('/healthz'), livenessProbe: tcp(8080) }),
  pod('unready-http', { readinessProbe: http('/nope') }),
  pod('unready-tcp', { readinessProbe: tcp(9) }),
  pod('dies-http', { livenessProbe: http('/nope'), env: [{ name: 'DRAIN_SECONDS', value: '0' }] }),
  pod('dies-tcp', { livenessProbe: tcp(9), env: [{ name: 'DRAIN_SECONDS', value: '0' }] }),
  pod('crashes', script('echo last words', 'exit 3')),
  pod('no-image', { image: 'registry.ccs.internal/default/nope:1' }),
  pod('elsewhere', { image: 'nginx' }),
  pod('no-name', { image: 'two words' }),
  pod('no-command', { command: ['/nope'] }),
  pod('no-config', {
    env: [{ name: 'X', valueFrom: { configMapKeyRef: { name: 'absent', key: 'x' } } }],
  }),
  pod('no-volume', {}, { volumes: [{ name: 'v', configMap: { name: 'absent' } }] }),
  pod('too-big', { resources: { requests: { cpu: '50' } } }),
  pod(
    'hungry',
    { ...script('x=a; while true; do x=$x$x; done'), resources: { limits: { memory: '32Mi' } } },
    never,
  ),
  pod(
    'stubborn',
    script('trap "echo told to end" TERM', 'while true; do busybox sleep 0.1; done'),
    {
      terminationGracePeriodSeconds: 2,
    },
  ),
  pod('polite', script('trap "exit 0" TERM', 'while true; do busybox sleep 0.1; done'), {
    terminationGracePeriodSeconds: 30,
  }),
  ...[1, 2].map((n) => pod(`web-${n}`, {}, { nodeName: `local-${n}` })),
  service('web', 'web-2'),
  service('unready', 'unready-http'),
]

describe('a pod', { skip: kubectlMissing }, () => {
  let instance: Instance

  const k = (...args: string[]) =>
    instance.kubectl('--context', 'ccs-local', '-n', NAMESPACE, ...args)

  async function ok(result: Promise<Result>): Promise<string> {
    const { code, stdout, stderr } = await result
    assert.equal(code, 0, stderr || stdout)
    return stdout.trim()
  }

  const kWith = (input: object, ...args: string[]) =>
    instance.kubectlWith(JSON.stringify(input), '--context', 'ccs-local', '-n', NAMESPACE, ...args)

  const apply = (...items: object[]) =>
    ok(kWith({ apiVersion: 'v1', kind: 'List', items }, 'apply', '-f', '-'))

  const podOf = async (name: string) =>
    JSON.parse(await ok(k('get', 'pod', name, '-o', 'json'))) as Pod

  /** Waits until the container of a pod is as wanted. */
  const container = (
    name: string,
    holds: (status: NonNullable<Pod['status']['containerStatuses']>[number]) => unknown,
  ) =>
    eventually(`wanted state of ${name}`, 30_000, async () => {
      const [status] = (await podOf(name)).status.containerStatuses ?? []
      return status !== undefined && holds(status) ? status : undefined
    })

  const eventOf = (name: string, message: RegExp) =>
    eventually(`event of ${name}`, 20_000, async () =>
      message.test(await ok(k('get', 'events', `--field-selector=involvedObject.name=${name}`))),
    )

  /** The word after `title` in what a pod wrote. */
  const said = (name: string, title: string) =>
    eventually(`"${title}" of ${name}`, 20_000, async () => {
      const lines = (await ok(k('logs', name))).split('\n')
      return lines.findLast((line) => line.startsWith(`${title} `))?.slice(title.length + 1)
    })

  before(async () => {
    instance = await Instance.create()
    const { code, stderr } = await instance.up('--demo')
    assert.equal(code, 0, stderr)
    await ok(instance.kubectl('--context', 'ccs-local', 'create', 'ns', NAMESPACE))
    await apply(...everything)
  })

  after(async () => {
    const names = [instance.id, instance.dataDir]
    await instance.purge()
    assert.deepEqual(await leftBehind(names), [])
  })

  test('gets environment and files from ConfigMaps, Secrets, itself and scratch space', async () => {
    assert.equal(await said('configured', 'env'), 'blue pass none blue 200 configured-$')
    assert.equal(await said('configured', 'files'), 'passfrom-init bluepod="configured"')
    assert.equal(await said('configured', 'modes'), '400 tmpfs')
  })

  test('sees a ConfigMap change in its files, not in its environment', async () => {
    assert.equal(await said('configured', 'color'), 'blue')
    await ok(k('patch', 'cm', 'settings', '-p', '{"data":{"color":"green"}}'))
    await eventually('the new colour', 20_000, async () =>
      (await said('configured', 'color')).startsWith('green'),
    )
    assert.equal((await podOf('configured')).status.containerStatuses![0]!.restartCount, 0)
  })

  test('is held to its limits by a cgroup, and killed when it asks for more', async () => {
    const { uid } = (await podOf('configured')).metadata
    const list = await run(['find', '/sys/fs/cgroup', '-path', `*${uid}/*`, '-type', 'f'])
    const values = (name: string) =>
      list.stdout
        .split('\n')
        .filter((file) => file.endsWith(`/${name}`))
        .map((file) => readFileSync(file, 'utf8').trim())
    // Version 1 or 2 of cgroups.
    const memory = [...values('memory.limit_in_bytes'), ...values('memory.max')]
    assert.ok(memory.includes(String(64 * 1024 * 1024)), memory.join(' '))
    const quota = [...values('cpu.cfs_quota_us'), ...values('cpu.max')]
    assert.ok(quota.includes('20000') || quota.includes('20000 100000'), quota.join(' '))
    const { state } = await container('hungry', (status) => status.state.terminated)
    assert.deepEqual([state.terminated!.reason, state.terminated!.exitCode], ['OOMKilled', 137])
  })

  test('has a token of its service account that the API knows it by', async () => {
    const token = await said('configured', 'token')
    const review = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenReview', spec: { token } }
    const answer = await ok(kWith(review, 'create', '-o', 'json', '-f', '-'))
    const { user } = (JSON.parse(answer) as { status: { user: Record<string, unknown> } }).status
    assert.equal(user['username'], `system:serviceaccount:${NAMESPACE}:default`)
    assert.match(
      JSON.stringify(user['extra']),
      /"authentication.kubernetes.io\/pod-name":\["configured"\]/,
    )
  })

  test('is ready by HTTP or TCP, and serves only then', async () => {
    await container('ready-http', ({ ready }) => ready)
    await eventOf('unready-http', /Readiness probe failed: HTTP probe failed with statuscode: 404/)
    await eventOf(
      'unready-tcp',
      /Readiness probe failed: dial tcp 10\.\S+:9: connect: connection refused/,
    )
    for (const name of ['unready-http', 'unready-tcp'])
      await container(name, ({ ready, state }) => !ready && state.running)
    assert.match(await ok(k('get', 'ep', 'unready')), /^unready +<none>/m)
  })

  test('is restarted when it is not alive, and less and less often when it crashes', async () => {
    for (const name of ['dies-http', 'dies-tcp']) {
      await container(name, ({ restartCount }) => restartCount > 0)
      await eventOf(name, /failed liveness probe, will be restarted/)
    }
    const { lastState, restartCount } = await container(
      'crashes',
      ({ state }) => state.waiting?.reason === 'CrashLoopBackOff',
    )
    assert.equal(lastState.terminated?.exitCode, 3)
    assert.ok(restartCount <= 3, `${restartCount} restarts so soon`)
    assert.equal(await ok(k('logs', 'crashes', '-p')), 'last words')
    await eventOf('crashes', /Back-off restarting failed container main in pod crashes/)
  })

  test('says why it does not start', async () => {
    const reasons: [string, RegExp, RegExp][] = [
      ['no-image', /^(ErrImagePull|ImagePullBackOff)$/, /default\/nope:1: not found/],
      [
        'elsewhere',
        /^(ErrImagePull|ImagePullBackOff)$/,
        /docker\.io\/library\/nginx:latest: not found/,
      ],
      ['no-name', /^InvalidImageName$/, /couldn't parse image name "two words"/],
      ['no-config', /^CreateContainerConfigError$/, /configmap "absent" not found/],
    ]
    for (const [name, reason, message] of reasons) {
      const { state } = await container(name, (status) =>
        reason.test(status.state.waiting?.reason ?? ''),
      )
      await eventOf(name, message)
      assert.doesNotMatch(state.waiting!.message ?? '', /rpc error/)
    }
    await eventOf('no-command', /Error: failed to create containerd task: .*exec: "\/nope"/)
    await eventOf(
      'no-volume',
      /MountVolume\.SetUp failed for volume "v" : configmap "absent" not found/,
    )
    await eventOf('too-big', /0\/2 nodes are available: 2 Insufficient cpu/)
    assert.equal((await podOf('too-big')).status.phase, 'Pending')
  })

  test('is asked to end, and killed only after its grace', async () => {
    for (const name of ['polite', 'stubborn']) await container(name, ({ ready }) => ready)
    const deletion = async (name: string) => {
      const begun = Date.now()
      await ok(k('delete', 'pod', name))
      return Date.now() - begun
    }
    const last = k('logs', '-f', 'stubborn')
    const [polite, stubborn] = await Promise.all([deletion('polite'), deletion('stubborn')])
    assert.ok(polite < 15_000, `a pod that ends when told took ${polite} ms`)
    assert.ok(stubborn >= 2_000 && stubborn < 15_000, `a pod that does not end took ${stubborn} ms`)
    assert.match((await last).stdout, /^told to end$/m)
  })

  /** Runs probes from a pod on each machine; the answers by machine and by the name of the probe. */
  async function fromBoth(probes: Record<string, string>): Promise<Map<string, string>> {
    const lines = Object.entries(probes).map(
      ([name, command]) =>
        `echo "${name}|$(busybox timeout 5 ${command} 2>&1 | busybox tr '\\n' ' ')" &`,
    )
    const names = [1, 2].map((n) => `asks-${n}-${Object.keys(probes).length}`)
    const asks = names.map((name, i) =>
      pod(
        name,
        // It serves too, to reach itself through its own Service.
        script(
          'busybox mkdir /w; echo me > /w/index.html; busybox httpd -p 8080 -h /w',
          'busybox sleep 1',
          ...lines,
          'wait',
        ),
        { ...never, nodeName: `local-${i + 1}` },
      ),
    )
    await apply(...asks, ...names.map((name) => service(name, name)))
    const answers = new Map<string, string>()
    for (const [i, name] of names.entries()) {
      await eventually(
        `end of ${name}`,
        30_000,
        async () => (await podOf(name)).status.phase === 'Succeeded',
      )
      for (const line of (await ok(k('logs', name))).split('\n')) {
        const [probed = '', answer = ''] = line.split('|')
        answers.set(`${i + 1} ${probed}`, answer)
      }
    }
    return answers
  }

  const get = (url: string) => `busybox wget -q -O - ${url}`
  const connect = (host: string, port: number) =>
    `busybox sh -c 'busybox nc -w 2 ${host} ${port} < /dev/null && echo open'`

  test('reaches pods on both machines, services by address and name, itself and the API', async () => {
    const address = async (name: string) => (await podOf(name)).status.podIP!
    for (const name of ['web-1', 'web-2']) await container(name, ({ ready }) => ready)
    const of = async (what: string, kind: string, namespace = NAMESPACE) =>
      ok(k('get', 'svc', kind, '-n', namespace, '-o', `jsonpath={${what}}`))
    const balancer = await of('.status.loadBalancer.ingress[0].ip', 'hello', 'default')
    const hello = /^Hello from pod /
    const expected: Record<string, [string, RegExp]> = {
      'pod on 1': [get(`http://${await address('web-1')}:8080/`), /^Hello from pod web-1 /],
      'pod on 2': [get(`http://${await address('web-2')}:8080/`), /^Hello from pod web-2 /],
      ClusterIP: [get(`http://${await of('.spec.clusterIP', 'web')}/`), /^Hello from pod web-2 /],
      'short name': [get('http://web/'), /^Hello from pod web-2 /],
      'name with namespace': [get('http://hello.default:8080/'), hello],
      'full name': [get('http://web.pods.svc.cluster.local/'), /^Hello from pod web-2 /],
      itself: [get(`http://$HOSTNAME.${NAMESPACE}/`), /^me /],
      'load balancer': [get(`http://${balancer}:8080/`), hello],
      'public name': [get('http://hello.default.local.ccs.internal:8080/'), hello],
      API: [connect('kubernetes.default.svc', 443), /^open/],
      registry: [connect('registry.ccs.internal', 5000), /^open/],
      'no such name': [get('http://nope.pods.svc.cluster.local/'), /bad address/],
    }
    const answers = await fromBoth(
      Object.fromEntries(Object.entries(expected).map(([name, [command]]) => [name, command])),
    )
    for (const machine of [1, 2])
      for (const [name, [, answer]] of Object.entries(expected))
        assert.match(
          answers.get(`${machine} ${name}`) ?? '',
          answer,
          `${name} from local-${machine}`,
        )
  })

  test('reaches nothing else of this computer, and the world only under its address', async (t) => {
    let seen = 0
    const listener = createServer((socket) => {
      seen++
      socket.end('reached\n')
    }).listen(0, '0.0.0.0')
    await once(listener, 'listening')
    t.after(() => listener.close())
    const { port } = listener.address() as { port: number }
    const own = Object.values(networkInterfaces())
      .flatMap((addresses) => addresses ?? [])
      .filter(({ family, internal }) => family === 'IPv4' && !internal)
      .map(({ address }) => address)
    const { api } = (
      JSON.parse(await ok(instance.ccs('status', '-o', 'json'))) as {
        addresses: { api: string }
      }
    ).addresses
    const refusals: Record<string, string> = {
      'loopback API': connect('127.0.0.1', Number(new URL(api).port)),
    }
    for (const address of own) refusals[`host as ${address}`] = connect(address, port)
    const outside = await makeOutside()
    t.after(() => outside.remove())
    const answers = await fromBoth({ ...refusals, outside: get(`http://${outside.address}:9000/`) })
    for (const machine of [1, 2]) {
      for (const name of Object.keys(refusals))
        assert.doesNotMatch(answers.get(`${machine} ${name}`) ?? 'open', /open|reached/, name)
      assert.equal(answers.get(`${machine} outside`)?.trim(), `asked by ${outside.gateway}`)
    }
    assert.equal(seen, 0)
  })
})

/** A place outside this computer: a namespace on a link of its own, that knows no way to any pod. */
async function makeOutside() {
  const name = `out${process.pid}`
  const [gateway, address] = ['198.18.0.1', '198.18.0.2']
  for (const argv of [
    ['netns', 'add', name],
    ['link', 'add', name, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', name],
    ['addr', 'add', `${gateway}/30`, 'dev', name],
    ['link', 'set', name, 'up'],
    ['-n', name, 'addr', 'add', `${address}/30`, 'dev', 'eth0'],
    ['-n', name, 'link', 'set', 'eth0', 'up'],
  ])
    assert.equal((await run(['ip', ...argv])).code, 0, argv.join(' '))
  const program = `require('node:http').createServer((req, res) =>
    res.end('asked by ' + req.socket.remoteAddress)).listen(9000, '${address}', () => console.log('up'))`
  const server = spawn('ip', ['netns', 'exec', name, process.execPath, '-e', program])
  await once(server.stdout, 'data')
  const remove = async () => {
    server.kill()
    await once(server, 'close')
    await run(['ip', 'netns', 'del', name])
  }
  return { gateway, address, remove }
}
