// Services of every type on a real instance, called from inside pods and from this computer.
import assert from 'node:assert/strict'
import { Resolver } from 'node:dns/promises'
import { after, before, describe, test } from 'node:test'
import {
  eventually,
  fetchText,
  Instance,
  kubectlMissing,
  leftBehind,
  type Result,
} from './instance.ts'

const IMAGE = 'registry.ccs.internal/default/hello:1'
const NAMESPACE = 'services'
const HOST_PORT = 8099

const web = (name: string, nodeName: string, hostname: string) => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, labels: { app: 'web' } },
  spec: {
    nodeName,
    hostname,
    subdomain: 'set',
    terminationGracePeriodSeconds: 1,
    containers: [
      {
        name: 'main',
        image: IMAGE,
        ports: [{ name: 'web', containerPort: 8080, hostPort: HOST_PORT }],
        readinessProbe: { httpGet: { path: '/healthz', port: 'web' }, periodSeconds: 1 },
      },
    ],
  },
})

const caller = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'caller' },
  spec: {
    terminationGracePeriodSeconds: 1,
    containers: [{ name: 'main', image: IMAGE, command: ['/bin/busybox', 'sleep', '600'] }],
  },
}

const service = (name: string, spec: object = {}) => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name },
  spec: {
    selector: { app: 'web' },
    ports: [{ name: 'http', port: 80, targetPort: 'web' }],
    ...spec,
  },
})

const everything = [
  web('web-a', 'local-1', 'one'),
  web('web-b', 'local-2', 'two'),
  caller,
  service('plain'),
  service('node', { type: 'NodePort' }),
  service('near', { type: 'NodePort', externalTrafficPolicy: 'Local' }),
  service('sticky', { sessionAffinity: 'ClientIP' }),
  service('set', { clusterIP: 'None' }),
  service('alias', { type: 'ExternalName', externalName: `plain.${NAMESPACE}.svc.cluster.local` }),
  service('empty', { selector: { app: 'nobody' } }),
]

describe('a Service', { skip: kubectlMissing }, () => {
  let instance: Instance
  let machines: string[] = []
  const names = new Resolver({ timeout: 2_000, tries: 2 })

  const k = (...args: string[]) =>
    instance.kubectl('--context', 'ccs-local', '-n', NAMESPACE, ...args)

  async function ok(result: Promise<Result>): Promise<string> {
    const { code, stdout, stderr } = await result
    assert.equal(code, 0, stderr || stdout)
    return stdout.trim()
  }

  const inCaller = (script: string) =>
    ok(k('exec', 'caller', '--', '/bin/busybox', 'sh', '-c', script))
  const nodePortOf = (name: string) =>
    ok(k('get', 'service', name, '-o', 'jsonpath={.spec.ports[0].nodePort}'))

  /** Which pods answer, of several calls one after the other. */
  async function answering(ask: () => Promise<string>, times = 6): Promise<string[]> {
    const found = new Set<string>()
    for (let i = 0; i < times; i++) found.add(/from pod (\S+)/.exec(await ask())?.[1] ?? 'nobody')
    return [...found].toSorted()
  }

  const nameOf = (name: string) => `${name}.${NAMESPACE}.svc.cluster.local`

  /** The image's static wget cannot resolve names: they are asked for where its pods ask. */
  const askInside =
    (name: string, port = 80) =>
    async () => {
      const [address] = await names.resolve4(nameOf(name))
      return askAddress(`${address}:${port}`)()
    }
  /** By nc: the wget of a static busybox breaks down where there are no libraries to resolve with. */
  const askAddress = (address: string) => () => {
    const request = String.raw`printf 'GET /index.txt HTTP/1.0\r\n\r\n'`
    return inCaller(`${request} | busybox nc -w 3 ${address.replace(':', ' ')}`)
  }

  before(async () => {
    instance = await Instance.create()
    const { code, stderr } = await instance.up('--demo')
    assert.equal(code, 0, stderr)
    await ok(instance.kubectl('--context', 'ccs-local', 'create', 'ns', NAMESPACE))
    const list = JSON.stringify({ apiVersion: 'v1', kind: 'List', items: everything })
    const where = ['--context', 'ccs-local', '-n', NAMESPACE]
    await ok(instance.kubectlWith(list, ...where, 'apply', '-f', '-'))
    await ok(k('wait', '--for=condition=Ready', 'pod', '--all', '--timeout=40s'))
    const path = 'jsonpath={.items[*].status.addresses[?(@.type=="InternalIP")].address}'
    machines = (await ok(k('get', 'nodes', '-o', path))).split(' ')
    const gateway = 'jsonpath={.endpoints[0].addresses[0]}'
    names.setServers([
      await ok(k('-n', 'default', 'get', 'endpointslice', 'kubernetes', '-o', gateway)),
    ])
    await eventually('both pods behind the service', 10_000, async () => {
      return (await answering(askInside('plain'))).length === 2
    })
  })

  after(async () => {
    const marks = [instance.id, instance.dataDir]
    await instance.purge()
    assert.deepEqual(await leftBehind(marks), [])
  })

  test('of type NodePort answers at every machine, from outside and from pods', async () => {
    const port = await nodePortOf('node')
    for (const machine of machines) {
      const url = `http://${machine}:${port}`
      assert.deepEqual(await answering(() => fetchText(url)), ['one', 'two'])
      assert.deepEqual(await answering(askAddress(`${machine}:${port}`)), ['one', 'two'])
    }
  })

  test('of local traffic is answered by the pod of the machine called', async () => {
    const port = await nodePortOf('near')
    const found = await Promise.all(
      machines.map((machine) => answering(() => fetchText(`http://${machine}:${port}`), 3)),
    )
    assert.deepEqual(found, [['one'], ['two']])
  })

  test('with affinity keeps a client at one pod', async () => {
    assert.equal((await answering(askInside('sticky'))).length, 1)
  })

  test('without pods refuses at once', async () => {
    const address = await ok(k('get', 'service', 'empty', '-o', 'jsonpath={.spec.clusterIP}'))
    const ask = ['/bin/busybox', 'nc', '-w', '9', address, '80']
    const { code, stderr } = await k('exec', 'caller', '--', ...ask)
    assert.notEqual(code, 0)
    assert.match(stderr, /refused/)
  })

  test('has the names that Kubernetes gives it', async () => {
    assert.deepEqual(await answering(askInside('alias')), ['one', 'two'])
    for (const host of ['one', 'two'])
      assert.deepEqual(await answering(askInside(`${host}.set`, 8080), 2), [host])
    const path = 'jsonpath={.status.podIP}'
    const address = await ok(k('get', 'pod', 'web-a', '-o', path))
    assert.deepEqual(await names.reverse(address), [nameOf('one.set')])
    const records = await names.resolveSrv(nameOf('_http._tcp.set'))
    assert.deepEqual(records.map(({ name, port }) => `${name} ${port}`).toSorted(), [
      `${nameOf('one.set')} 8080`,
      `${nameOf('two.set')} 8080`,
    ])
    const dashed = `${address.replaceAll('.', '-')}.${NAMESPACE}.pod.cluster.local`
    assert.deepEqual(await names.resolve4(dashed), [address])
  })

  test('is not needed for a host port of a pod', async () => {
    const found = await Promise.all(
      machines.map((machine) => answering(() => fetchText(`http://${machine}:${HOST_PORT}`), 2)),
    )
    assert.deepEqual(found, [['one'], ['two']])
  })
})
