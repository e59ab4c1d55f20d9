// The local provider against the real kernel and containerd: needs root, iproute2, nft, containerd.
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, before, test } from 'node:test'
import { systemClock } from '#base/clock.ts'
import { lineLogger } from '#base/log.ts'
import { systemRandom } from '#base/random.ts'
import { createClient } from '#client/create-client.ts'
import { fakeApi } from '#client/fake-api.ts'
import { createInformerFactory } from '#client/informer-factory.ts'
import type { InformerFactory } from '#client/types.ts'
import { type Cluster, clusters } from '#kinds/ccs/cluster.ts'
import { CCS_API_VERSION } from '#kinds/ccs/group.ts'
import { type MachineType, machineTypes } from '#kinds/ccs/machine-type.ts'
import { DRAINED, type Machine, machines } from '#kinds/ccs/machine.ts'
import type { Node } from '#kinds/k8s/core.ts'
import { nodes } from '#kinds/refs.ts'
import { openCgroups } from '#linux/cgroups.ts'
import { instanceNames } from '#linux/instance-names.ts'
import { findContainerd } from '#linux/machine-processes.ts'
import { ipBatch } from '#linux/links.ts'
import { mountsUnder } from '#linux/mounts.ts'
import { listNetworkNamespaces } from '#linux/network-namespaces.ts'
import { nsenterArgv } from '#linux/nsenter.ts'
import { openNftSession } from '#linux/nft.ts'
import { isAlive } from '#linux/process-identity.ts'
import { purgeInstance } from '#linux/purge-instance.ts'
import { run } from '#linux/run.ts'
import { stopInstance } from '#linux/stop-instance.ts'
import { createLocalProvider, type LocalProvider } from '#providers/local/local-provider.ts'
import { PAUSE_IMAGE } from '#providers/local/pause-image.ts'
import { runSandbox, stopSandbox } from './sandbox.ts'

const id = `t${randomBytes(2).toString('hex')}`
const dataDir = mkdtempSync(path.join(tmpdir(), 'ccs-provider-'))
const runDir = `/run/ccs/${id}`
const instance = { id, dataDir, runDir }
const names = instanceNames(id)
const tree = openCgroups()
const clock = systemClock
const log = lineLogger({
  write: (line) => process.env['CCS_TEST_LOG'] && process.stderr.write(line),
  now: () => clock.now(),
  level: 'debug',
})

const meta = (name: string) => ({ name })
const cluster: Cluster = {
  apiVersion: CCS_API_VERSION,
  kind: 'Cluster',
  metadata: meta('alpha'),
  spec: { provider: 'local', region: 'here', zones: ['a', 'b'] },
}
const type: MachineType = {
  apiVersion: CCS_API_VERSION,
  kind: 'MachineType',
  metadata: meta('small'),
  spec: { cpu: '1', memory: '1Gi', reserved: { cpu: '100m', memory: '256Mi' } },
}
const machineOf = (name: string, zone: string): Machine => ({
  apiVersion: CCS_API_VERSION,
  kind: 'Machine',
  metadata: meta(name),
  spec: { cluster: 'alpha', zone, type: 'small', power: 'Running' },
})
const nodeOf = (name: string): Node => ({
  apiVersion: 'v1',
  kind: 'Node',
  metadata: meta(name),
  spec: {},
})

const hub = fakeApi({ clock, random: systemRandom, kinds: [clusters, machines, machineTypes] })
const member = fakeApi({ clock, random: systemRandom })
let provider: LocalProvider
let informers: InformerFactory
let isStarted = false

async function startProvider(): Promise<void> {
  const client = createClient(hub.call)
  informers = createInformerFactory({ client, clock, random: systemRandom, log })
  provider = await createLocalProvider({
    instance,
    hub: client,
    informers,
    clusterClient: () => createClient(member.call),
    registryCaPem: '-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n',
    registryPort: 5000,
    clock,
    random: systemRandom,
    log,
    claimsFile: path.join(dataDir, 'claims.json'),
  })
  informers.start()
  await provider.start()
  isStarted = true
}

async function stopProvider(): Promise<void> {
  if (!isStarted) return
  isStarted = false
  await provider.stop()
  await informers.stop()
}

async function until(what: string, isSo: () => boolean | Promise<boolean>, timeoutMs = 20_000) {
  for (let waited = 0; !(await isSo()); waited += 50) {
    if (waited > timeoutMs)
      assert.fail(`${what} not within ${timeoutMs} ms: ${JSON.stringify(hub.list(machines))}`)
    await clock.sleep(50)
  }
}

const machine = (name: string): Machine => hub.get(machines, meta(name))!
const phaseIs = (name: string, phase: string) => () => machine(name).status?.phase === phase
const ping = (from: string, to: string) =>
  run(nsenterArgv(from, ['busybox', 'ping', '-c', '1', '-W', '2', to]))
const runtimeOf = (name: string) => findContainerd(tree, names.machineCgroup('alpha', name))

before(async () => {
  mkdirSync(runDir, { recursive: true })
  hub.put(clusters, cluster)
  hub.put(machineTypes, type)
  hub.put(machines, machineOf('m1', 'a'))
  hub.put(machines, machineOf('m2', 'b'))
  member.put(nodes, nodeOf('m1'))
  member.put(nodes, nodeOf('m2'))
  await startProvider()
})

after(async () => {
  await stopProvider()
  await purgeInstance({ instance, clock, log, claimsFile: path.join(dataDir, 'claims.json') })
  rmSync(dataDir, { recursive: true, force: true })
})

test('local provider brings up a cluster and its machines, and tells where they are', async () => {
  await until('machines run', () => phaseIs('m1', 'Running')() && phaseIs('m2', 'Running')())
  const { status } = hub.get(clusters, meta('alpha'))!
  assert.equal(status?.phase, 'Ready')
  assert.match(status.gatewayAddress!, /^10\.\d+\.1\.1$/)
  assert.equal(machine('m1').status?.allocatable?.cpu, '900m')
  assert.equal(machine('m1').status?.allocatable?.memory, '768Mi')
  await until('machines answer', () => provider.isAnswering('m1') && provider.isAnswering('m2'))
})

test('local machines reach each other, the host reaches them, and they reach the gateway', async () => {
  const { address: first, networkNamespace } = machine('m1').status!
  const { address: second } = machine('m2').status!
  const { gatewayAddress } = hub.get(clusters, meta('alpha'))!.status!
  await ping(networkNamespace!, second!)
  await ping('/proc/self/ns/net', first!)
  await ping(networkNamespace!, gatewayAddress!)
})

test('a machine is fenced off from what listens on the host', async () => {
  const { networkNamespace } = machine('m1').status!
  const { gatewayAddress } = hub.get(clusters, meta('alpha'))!.status!
  const connectTo = (port: number) =>
    run(nsenterArgv(networkNamespace!, ['busybox', 'nc', '-w', '1', gatewayAddress!, `${port}`]))
  // Nothing listens on either: an allowed port is refused at once, a forbidden one stays silent.
  await assert.rejects(connectTo(443), /refused/)
  await assert.rejects(connectTo(22), /timed out/)
})

test('a machine reaches the outside with an address of the host', async () => {
  const outside = `${names.namespacePrefix}outside`
  const link = `${names.linkPrefix}out`
  await run(['ip', 'netns', 'add', outside])
  await ipBatch([
    `link add ${link} type veth peer name eth0 netns ${outside}`,
    `addr add 198.51.100.1/30 dev ${link}`,
    `link set ${link} up`,
  ])
  // It knows no way back to the cluster's addresses: an answer proves the masquerade.
  await ipBatch(['addr add 198.51.100.2/30 dev eth0', 'link set eth0 up'], { namespace: outside })
  await ping(machine('m1').status!.networkNamespace!, '198.51.100.2')
})

test('clusters do not reach each other, and one that is deleted is gone', async () => {
  hub.put(clusters, { ...cluster, metadata: meta('beta') })
  const beta = () => hub.get(clusters, meta('beta'))
  await until('second cluster', () => beta()?.status?.phase === 'Ready')
  const { gatewayAddress, routerNamespace, network } = beta()!.status!
  const router = gatewayAddress!.replace(/1$/, '2')
  await ping('/proc/self/ns/net', router)
  await assert.rejects(ping(machine('m1').status!.networkNamespace!, router))
  assert.deepEqual(beta()?.spec.network, network)
  await createClient(hub.call).resource(clusters).delete(meta('beta'))
  await until('second cluster is gone', () => beta() === undefined)
  assert.ok(!existsSync(routerNamespace!))
})

test('a machine type limits the cgroups of the machine and of its pods', () => {
  const limit = (cgroup: string) =>
    tree.version === 1
      ? readFileSync(`/sys/fs/cgroup/memory${cgroup}/memory.limit_in_bytes`, 'utf8')
      : readFileSync(`/sys/fs/cgroup${cgroup}/memory.max`, 'utf8')
  assert.equal(Number(limit(names.machineCgroup('alpha', 'm1'))), 2 ** 30)
  assert.equal(Number(limit(machine('m1').status!.podsCgroup!)), 768 * 2 ** 20)
})

test('containerd has the pause image and runs sandboxes that reach each other over machines', async () => {
  const sockets = ['m1', 'm2'].map((name) => machine(name).status!.runtimeSocket!)
  const listed = await run(['ctr', '-a', sockets[0]!, '-n', 'k8s.io', 'images', 'list', '-q'])
  assert.ok(listed.split('\n').includes(PAUSE_IMAGE))
  const sandboxes = await Promise.all(
    ['m1', 'm2'].map((name, i) =>
      runSandbox(sockets[i]!, { name, cgroupParent: `${machine(name).status!.podsCgroup}/pod1` }),
    ),
  )
  const [one, two] = sandboxes.map((sandbox) => sandbox.address)
  await ping('/proc/self/ns/net', one!)
  await ping(machine('m1').status!.networkNamespace!, two!)
  await ping(sandboxes[0]!.netnsPath, two!)
  await stopSandbox(sockets[1]!, sandboxes[1]!.id)
})

test('a new engine adopts machines that run, without a restart', async () => {
  const before = ['m1', 'm2'].map((name) => runtimeOf(name))
  await stopProvider()
  assert.ok(before.every((identity) => isAlive(identity!)))
  await startProvider()
  await until('machines answer', () => provider.isAnswering('m1') && provider.isAnswering('m2'))
  assert.deepEqual(
    ['m1', 'm2'].map((name) => runtimeOf(name)),
    before,
  )
})

test('a killed containerd is started again and its sandboxes live on', async () => {
  const killed = runtimeOf('m1')!
  const podsBefore = tree.processes(machine('m1').status!.podsCgroup!)
  assert.ok(podsBefore.length > 0)
  process.kill(killed.pid, 'SIGKILL')
  await until(
    'another containerd',
    () => (runtimeOf('m1')?.pid ?? killed.pid) !== killed.pid,
    3_000,
  )
  await until('machine answers', () => provider.isAnswering('m1'))
  assert.deepEqual(tree.processes(machine('m1').status!.podsCgroup!), podsBefore)
})

test('a machine stops only after its drain, taints its node, and starts again', async () => {
  const client = createClient(hub.call)
  await client.resource(machines).patch(meta('m1'), { spec: { power: 'Stopped' } })
  await clock.sleep(300)
  assert.equal(machine('m1').status?.phase, 'Running')
  const { status } = machine('m1')
  const drained = {
    type: DRAINED,
    status: 'True',
    reason: 'NoPodsLeft',
    message: '',
    lastTransitionTime: '2026-01-01T00:00:00Z',
  }
  const conditions = [...(status?.conditions ?? []), drained]
  await client
    .resource(machines)
    .updateStatus({ ...machine('m1'), status: { ...status!, conditions } })
  await until('machine stops', phaseIs('m1', 'Stopped'))
  assert.deepEqual(tree.processes(names.machineCgroup('alpha', 'm1')), [])
  assert.equal(provider.isAnswering('m1'), false)
  const taints = () => (member.get(nodes, meta('m1'))?.spec.taints ?? []).map(({ key }) => key)
  assert.deepEqual(taints(), ['node.kubernetes.io/out-of-service'])

  await client.resource(machines).patch(meta('m1'), { spec: { power: 'Running' } })
  await until('machine runs', phaseIs('m1', 'Running'))
  assert.deepEqual(taints(), [])
  const conditionTypes = machine('m1').status?.conditions?.map((condition) => condition.type)
  assert.ok(!conditionTypes?.includes(DRAINED), 'an old drain does not count for the next stop')
})

test('accept rules come when the host filter drops, and go', async () => {
  // In a namespace of its own, because the host's filter table belongs to everyone.
  const { acceptInHostFilter, removeFromHostFilter } = await import('#linux/host-filter.ts')
  const namespace = `${names.namespacePrefix}filter`
  await run(['ip', 'netns', 'add', namespace])
  const session = openNftSession({ netnsPath: `/run/netns/${namespace}`, log })
  const mark = { comment: names.ruleComment, linkPrefix: names.linkPrefix }
  try {
    assert.deepEqual(await acceptInHostFilter(session, mark), [])
    await session.apply(
      'table ip filter {\n chain FORWARD {\n type filter hook forward priority 0; policy drop;\n }\n}\n' +
        'table inet mine {\n chain in {\n type filter hook input priority 0; reject\n }\n}\n',
    )
    const chains = ['ip filter FORWARD', 'inet mine in']
    assert.deepEqual(await acceptInHostFilter(session, mark), chains)
    assert.deepEqual(await acceptInHostFilter(session, mark), [])
    for (const chain of chains)
      assert.match(await session.query(`list chain ${chain}`), /accept comment "ccs-/)
    await removeFromHostFilter(session, mark.comment)
    for (const chain of chains)
      assert.doesNotMatch(await session.query(`list chain ${chain}`), /ccs-/)
  } finally {
    await session.close()
  }
})

test('deleting a machine removes what it was', async () => {
  const { directory, networkNamespace } = machine('m2').status!
  await createClient(hub.call).resource(machines).delete(meta('m2'))
  await until('machine is gone', () => hub.get(machines, meta('m2')) === undefined)
  assert.ok(!existsSync(directory!) && !existsSync(networkNamespace!))
  assert.deepEqual(tree.children(`${names.cgroup}/alpha`), ['m1'])
  assert.equal(member.get(nodes, meta('m2')), undefined)
})

test('stopInstance ends every process and purgeInstance leaves nothing', async () => {
  await stopProvider()
  await stopInstance({ instance, podsGraceMs: 1_000, clock })
  assert.deepEqual(tree.processes(names.cgroup), [])
  const purge = () =>
    purgeInstance({ instance, clock, log, claimsFile: path.join(dataDir, 'claims.json') })
  await purge()
  await purge()
  assert.deepEqual(
    listNetworkNamespaces().filter((name) => name.includes(id)),
    [],
  )
  assert.deepEqual(
    readdirSync('/sys/class/net').filter((name) => name.includes(id)),
    [],
  )
  assert.deepEqual([...mountsUnder(runDir), ...mountsUnder(dataDir)], [])
  assert.deepEqual(tree.children(names.cgroup), [])
  assert.ok(!(await run(['nft', 'list', 'tables'])).includes(id))
  assert.ok(!existsSync(runDir))
  assert.ok(!existsSync(path.join(dataDir, 'claims.json')))
})
