// What may befall an instance, on the real thing: processes killed, a link cut, the power gone. One
// instance for all drills; each leaves it as healthy as it found it.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { createServer, type Server } from 'node:net'
import path from 'node:path'
import { after, before, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { BehindInstance } from './behind-instance.ts'
import { renderUnit } from '#setup/boot-unit.ts'
import { instancePaths } from '#setup/instance.ts'
import { PROCESSES } from '#setup/services.ts'
import { eventually, fetchText, Instance, kubectlMissing, run, steadyLoad } from './instance.ts'

let instance: Instance
let behind: BehindInstance
let url = ''

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..', '..')
const LOCAL = ['--context', 'ccs-local']
const NAME = 'hello.default.local.ccs.internal'

interface Condition {
  type: string
  status: string
  lastTransitionTime: string
}

interface Pod {
  metadata: { name: string; uid: string; deletionTimestamp?: string }
  spec: { nodeName: string }
  status: {
    conditions?: Condition[]
    containerStatuses?: { restartCount: number; containerID: string; ready: boolean }[]
  }
}

interface Node {
  metadata: { name: string }
  status: { conditions: Condition[]; addresses: { type: string; address: string }[] }
}

const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))
const figure = (text: string) => console.log(`  ${text}`)

async function kubectl(...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await instance.kubectl(...LOCAL, ...args)
  assert.equal(code, 0, stderr)
  return stdout
}

async function list<T>(kind: string): Promise<T[]> {
  return (JSON.parse(await kubectl('get', kind, '-o', 'json')) as { items: T[] }).items
}

const conditionOf = (conditions: Condition[] | undefined) =>
  conditions?.find(({ type }) => type === 'Ready')?.status

const readyOf = async (node: string) =>
  conditionOf((await list<Node>('nodes')).find((n) => n.metadata.name === node)?.status.conditions)

const pods = () => list<Pod>('pods')
const isReady = ({ status }: Pod) => conditionOf(status.conditions) === 'True'
const restartsOf = (pod: Pod | undefined) => pod?.status.containerStatuses?.[0]?.restartCount
const containerIds = async () =>
  (await pods()).map(({ status }) => status.containerStatuses?.[0]?.containerID ?? '').toSorted()

/** Waits until exactly these many pods are there and ready, on as many machines as told. */
function settled(count: number, machines = 1): Promise<Pod[]> {
  return eventually(`${count} ready pods`, 30_000, async () => {
    const now = await pods()
    const homes = new Set(now.map(({ spec }) => spec.nodeName))
    const isSettled = now.length === count && now.every(isReady) && homes.size >= machines
    return isSettled && now.every(({ metadata }) => !metadata.deletionTimestamp) && now
  })
}

/** Two pods, one on each machine. */
async function spread(): Promise<Pod[]> {
  const now = await settled(2)
  if (now[0]!.spec.nodeName !== now[1]!.spec.nodeName) return now
  await kubectl('delete', 'pod', now[0]!.metadata.name, '--wait=false')
  return settled(2, 2)
}

/** `ccs up`, which must do. */
async function up(): Promise<number> {
  const begun = Date.now()
  const { code, stderr } = await instance.up()
  assert.equal(code, 0, stderr)
  return Date.now() - begun
}

const listen = (server: Server, port: number) =>
  new Promise<boolean>((resolve) => {
    server.once('error', () => resolve(false))
    server.listen(port, '127.0.0.1', () => resolve(true))
  })

const processesOf = async (dataDir: string) =>
  (await run(['ps', '-eo', 'args'])).stdout
    .split('\n')
    .filter((line) => line.includes(dataDir) && line.includes('/src/main/'))

/** Requests during `work`; at most `lostMax` may fail: one may be on its way to what is killed. */
async function underLoad(lostMax: number, work: () => Promise<void>): Promise<void> {
  const load = steadyLoad(url)
  let result: Awaited<ReturnType<typeof load.stop>>
  try {
    await sleep(200)
    await work()
  } finally {
    result = await load.stop()
  }
  const { sent, failures } = result
  figure(`${failures.length} of ${sent} requests failed`)
  assert.ok(failures.length <= lostMax, failures.slice(0, 5).join('\n'))
}

describe('an instance', { skip: kubectlMissing }, () => {
  before(async () => {
    instance = await Instance.create()
    behind = new BehindInstance(instance)
  })

  after(async () => {
    await instance.purge()
  })

  test('comes up although its engine is killed again and again while it starts', async () => {
    for (let round = 0; round < 3; round++) {
      const starting = instance.up()
      await eventually('an engine', 5_000, async () => behind.pidOf('engine') > 0)
      const afterMs = 100 + Math.round(Math.random() * 2_000)
      await sleep(afterMs)
      behind.kill('engine')
      const { code, stderr } = await starting
      figure(`killed after ${afterMs} ms: ccs up ended with ${code}`)
      assert.equal(code, 0, stderr)
    }
    const { code, stdout, stderr } = await instance.up('--demo')
    assert.equal(code, 0, stderr)
    url = stdout.trim().split('\n').at(-1)!
    await fetchText(url)
  })

  test('loses nothing when the containerd of a machine is killed', async () => {
    await spread()
    const before = await containerIds()
    await underLoad(0, async () => {
      const killed = Date.now()
      behind.killContainerd('local-1')
      // It is NotReady for less than a look may take: the time of the change tells that it was.
      await eventually('Ready again', 20_000, async () => {
        const node = (await list<Node>('nodes')).find((n) => n.metadata.name === 'local-1')
        const ready = node?.status.conditions.find(({ type }) => type === 'Ready')
        const changed = Date.parse(ready?.lastTransitionTime ?? '')
        return ready?.status === 'True' && changed >= Math.floor(killed / 1000) * 1000
      })
      figure(`Ready again after ${Date.now() - killed} ms`)
    })
    assert.deepEqual(await containerIds(), before)
  })

  test('replaces the pods of a machine whose link is cut, and takes the machine back', async () => {
    await spread()
    const node = (await list<Node>('nodes')).find((n) => n.metadata.name === 'local-2')!
    const { address } = node.status.addresses.find(({ type }) => type === 'InternalIP')!
    await underLoad(1, async () => {
      const cut = Date.now()
      await behind.setLink(address, 'down')
      await eventually('Unknown', 3_000, async () => (await readyOf('local-2')) === 'Unknown')
      figure(`noticed after ${Date.now() - cut} ms`)
      await eventually('replacement', 10_000, async () => {
        const living = (await pods()).filter(isReady)
        return living.length === 2 && living.every(({ spec }) => spec.nodeName === 'local-1')
      })
      figure(`replaced after ${Date.now() - cut} ms`)
      // Longer than the lease: whoever judges by it has marked the node too.
      await sleep(Math.max(0, cut + 6_000 - Date.now()))
      const mended = Date.now()
      await behind.setLink(address, 'up')
      await eventually('Ready again', 4_000, async () => (await readyOf('local-2')) === 'True')
      figure(`Ready ${Date.now() - mended} ms after the link was mended`)
      await settled(2)
    })
    await eventually(
      'nothing left',
      5_000,
      async () => behind.podRemains('local-2').sandboxes === 0,
    )
    assert.equal(behind.podRemains('local-2').addresses, 0)
  })

  test('starts everything of a machine again when all its processes are killed', async () => {
    const before = await spread()
    const victim = before.find(({ spec }) => spec.nodeName === 'local-1')!
    const { addresses } = behind.podRemains('local-1')
    await underLoad(1, async () => {
      const killed = Date.now()
      behind.killMachine('local-1')
      await eventually('a restart', 15_000, async () => {
        const pod = (await pods()).find(({ metadata }) => metadata.uid === victim.metadata.uid)
        return pod && restartsOf(pod) === restartsOf(victim)! + 1 && isReady(pod)
      })
      figure(`ready again after ${Date.now() - killed} ms`)
    })
    assert.equal(behind.podRemains('local-1').addresses, addresses, 'addresses of dead sandboxes')
  })

  test('brings back each process that is killed, the supervisor too', async () => {
    const before = await containerIds()
    for (const name of PROCESSES) {
      const pid = behind.pidOf(name)
      const killed = Date.now()
      behind.kill(name)
      await eventually(`another ${name}`, 15_000, async () => behind.pidOf(name) !== pid)
      figure(`${name} runs again after ${Date.now() - killed} ms`)
    }
    await eventually('names', 10_000, () => behind.resolve(NAME))
    await eventually('health', 20_000, async () => (await instance.ccs('status')).code === 0)
    await fetchText(url)
    assert.deepEqual(await containerIds(), before)
  })

  test('resolves names without an engine', async () => {
    const addresses = await behind.resolve(NAME)
    await behind.withoutSupervisor(async () => {
      behind.kill('edge', 'engine')
      await eventually('no names', 2_000, () =>
        behind.resolve(NAME).then(
          () => false,
          () => true,
        ),
      )
      const main = fileURLToPath(new URL('../../src/main/edge.ts', import.meta.url))
      const begun = Date.now()
      spawn(process.execPath, [main, instance.dataDir], { detached: true, stdio: 'ignore' }).unref()
      await eventually('names without an engine', 10_000, () => behind.resolve(NAME))
      assert.deepEqual(await behind.resolve(NAME), addresses)
      await fetchText(url)
      figure(`edge alone answers after ${Date.now() - begun} ms`)
    })
    await eventually('health', 20_000, async () => (await instance.ccs('status')).code === 0)
  })

  test('tries a process that cannot start less and less often, and says why', async () => {
    const thief = createServer()
    await behind.withoutSupervisor(async () => {
      behind.kill('edge')
      await eventually('the port', 5_000, () => listen(thief, instance.file.ports.dns))
    })
    const { starts, words } = await eventually('some deaths', 20_000, async () => {
      const lines = behind.log('supervisor').slice(-20)
      const deaths = lines.filter(
        ({ died, restartInMs }) => died === 'edge' && restartInMs === 4000,
      )
      return deaths[0] && { starts: lines.length, words: String(deaths[0]['lastWords']) }
    })
    figure(`${starts} lines in the log of the supervisor`)
    assert.match(words, /EADDRINUSE/)
    const degraded = await instance.ccs('status')
    assert.equal(degraded.code, 1)
    assert.match(degraded.stderr, /edge/)
    await new Promise((resolve) => thief.close(resolve))
    await eventually('names', 20_000, () => behind.resolve(NAME))
  })

  test('goes on with a scaling and with a rolling update in which the engine was killed', async () => {
    await settled(2)
    await underLoad(0, async () => {
      const scaling = instance.ccs('service', 'scale', 'hello', '--replicas', '10')
      await eventually('new pods', 5_000, async () => (await pods()).length > 2)
      behind.kill('engine')
      await scaling
      await up()
      await settled(10)
      const { code, stderr } = await instance.ccs('service', 'scale', 'hello', '--replicas', '2')
      assert.equal(code, 0, stderr)
      await kubectl('rollout', 'restart', 'deployment/hello')
      await sleep(Math.random() * 500)
      behind.kill('engine')
      await up()
      await kubectl('rollout', 'status', 'deployment/hello', '--timeout=30s')
      await settled(2)
    })
  })

  test('finds out what died while its engine was away', async () => {
    const before = await spread()
    behind.kill('engine')
    behind.killServers('local-1')
    behind.killMachine('local-2')
    figure(`ccs up took ${await up()} ms`)
    await eventually('restarts of both pods', 15_000, async () => {
      const now = new Map((await pods()).map((pod) => [pod.metadata.uid, pod]))
      return before.every((pod) => {
        const same = now.get(pod.metadata.uid)
        return same && isReady(same) && restartsOf(same) === restartsOf(pod)! + 1
      })
    })
    await fetchText(url)
  })

  test('updates and scales without losing a request', async () => {
    await underLoad(0, async () => {
      for (const change of [
        ['--replicas', '5'],
        ['--replicas', '2'],
      ]) {
        const { code, stderr } = await instance.ccs('service', 'scale', 'hello', ...change)
        assert.equal(code, 0, stderr)
      }
      for (let round = 0; round < 2; round++) {
        // kubectl refuses two restarts within a second.
        await sleep(1_100)
        await kubectl('rollout', 'restart', 'deployment/hello')
        await kubectl('rollout', 'status', 'deployment/hello', '--timeout=30s')
      }
      await settled(2)
    })
  })

  test('leaves nothing behind of pods that come and go', async () => {
    const manifest = await kubectl('get', 'deployment', 'hello', '-o', 'json')
    const { spec } = JSON.parse(manifest) as {
      spec: { template: { spec: { containers: [{ image: string }] } } }
    }
    const [{ image }] = spec.template.spec.containers
    await kubectl('create', 'deployment', 'churn', `--image=${image}`, '--replicas=0')
    const grace = { spec: { template: { spec: { terminationGracePeriodSeconds: 0 } } } }
    await kubectl('patch', 'deployment', 'churn', '-p', JSON.stringify(grace))
    const count = async () => (await kubectl('get', 'pods', '-l=app=churn', '-o=name')).length
    const remains = () => ['local-1', 'local-2'].map((machine) => behind.podRemains(machine))
    const before = { remains: remains(), use: behind.engineUse() }
    let cycles = 0
    for (const begun = Date.now(); Date.now() - begun < 12_000; cycles++) {
      await kubectl('scale', 'deployment', 'churn', '--replicas=5')
      await kubectl('rollout', 'status', 'deployment/churn', '--timeout=20s')
      await kubectl('scale', 'deployment', 'churn', '--replicas=0')
      await eventually('the end of all', 20_000, async () => (await count()) === 0)
    }
    await kubectl('delete', 'deployment', 'churn')
    await eventually('clean machines', 10_000, async () => {
      assert.deepEqual(remains(), before.remains)
      return true
    })
    const use = behind.engineUse()
    figure(
      `${cycles * 5} pods: memory ${before.use.residentMiB} to ${use.residentMiB} MiB, ` +
        `descriptors ${before.use.descriptors} to ${use.descriptors}`,
    )
    assert.ok(use.descriptors <= before.use.descriptors + 10, 'descriptors grow')
  })

  test('comes back after a power cut as it was', async () => {
    const before = await spread()
    await behind.cutPower()
    const begun = Date.now()
    figure(`ccs up took ${await up()} ms`)
    await eventually('an answer', 10_000, () => fetchText(url))
    figure(`the service answers after ${Date.now() - begun} ms`)
    const now = await settled(2, 2)
    const uids = (of: Pod[]) => of.map(({ metadata }) => metadata.uid).toSorted()
    assert.deepEqual(uids(now), uids(before))
  })

  test('comes back after a reboot by its unit alone, and stops by it', async () => {
    const before = await spread()
    await behind.cutPower()
    const unit = renderUnit(instancePaths(instance.dataDir), root)
    const words = /^ExecStart=(.*)$/m
      .exec(unit)![1]!
      .split(' ')
      .map((word) => word.slice(1, -1))
    const begun = Date.now()
    const [command, ...args] = words as [string, ...string[]]
    const supervisor = spawn(command, args, { stdio: 'ignore' })
    const ended = new Promise<number | null>((resolve) => supervisor.once('exit', resolve))
    await eventually('an answer', 30_000, () => fetchText(url))
    figure(`the service answers ${Date.now() - begun} ms after the unit was started`)
    const uids = (of: Pod[]) => of.map(({ metadata }) => metadata.uid).toSorted()
    assert.deepEqual(uids(await settled(2, 2)), uids(before))
    supervisor.kill('SIGTERM')
    assert.equal(await ended, 0)
    assert.equal((await instance.ccs('status')).code, 4, 'stopped')
    assert.deepEqual(await processesOf(instance.dataDir), [])
    await up()
    await eventually('an answer', 10_000, () => fetchText(url))
  })

  test('stands two commands at a time', async () => {
    const stopping = instance.ccs('down')
    await sleep(600)
    const again = await instance.up()
    assert.equal((await stopping).code, 0)
    assert.equal(again.code, 0, again.stderr)
    assert.match(again.stderr, /'ccs down' \(pid \d+\) works on/)
    assert.equal((await instance.ccs('down')).code, 0)
    const begun = instance.up()
    await sleep(700)
    assert.equal((await instance.ccs('down')).code, 0)
    const { code, stderr } = await begun
    if (code !== 0) assert.match(stderr, /'ccs down' stopped this instance meanwhile/)
  })

  test('names the program that took its port while it was down, and comes up by two at once', async () => {
    const thief = createServer()
    const port = instance.file.ports.registry
    await new Promise<void>((resolve) => thief.listen(port, '127.0.0.1', resolve))
    const { code, stderr } = await instance.up()
    await new Promise((resolve) => thief.close(resolve))
    assert.equal(code, 1)
    assert.match(stderr, new RegExp(`port ${port} is taken by node \\(pid ${process.pid}\\)`))
    assert.match(stderr, /--registry-port/)
    const [one, two] = await Promise.all([instance.up(), instance.up()])
    assert.equal(one.code, 0, one.stderr)
    assert.equal(two.code, 0, two.stderr)
    await eventually('an answer', 10_000, () => fetchText(url))
  })
})
