// From nothing to a running service, and what may befall it. One instance for all steps: each builds
// on the one before, as a user's day does.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { after, before, test } from 'node:test'
import { BehindInstance } from './behind-instance.ts'
import {
  eventually,
  fetchText,
  Instance,
  kubectlMissing,
  leftBehind,
  run,
  steadyLoad,
} from './instance.ts'

let instance: Instance
let url = ''

const LOCAL = ['--context', 'ccs-local']

interface Pod {
  metadata: { name: string; uid: string }
  spec: { nodeName: string }
  status: {
    podIP?: string
    conditions?: { type: string; status: string }[]
    containerStatuses?: { restartCount: number; containerID: string; ready: boolean }[]
  }
}

async function pods(): Promise<Pod[]> {
  const { stdout, stderr, code } = await instance.kubectl(...LOCAL, 'get', 'pods', '-o', 'json')
  assert.equal(code, 0, stderr)
  return (JSON.parse(stdout) as { items: Pod[] }).items
}

const readyPods = async () =>
  (await pods()).filter((pod) => pod.status.containerStatuses?.every((c) => c.ready))

/** Names of the machines that answer within some requests. */
async function answeringMachines(): Promise<Set<string>> {
  const seen = new Set<string>()
  for (let i = 0; i < 8; i++)
    for (const machine of (await fetchText(url)).match(/local-\d+/g) ?? []) seen.add(machine)
  return seen
}

/** Processes whose command line has `word` and that stand in a cgroup of this pod. */
async function pidsOfPod(uid: string, word: string): Promise<number[]> {
  const { stdout } = await run(['pgrep', '-f', word])
  return stdout
    .split('\n')
    .filter(Boolean)
    .map(Number)
    .filter((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cgroup`, 'utf8').includes(uid)
      } catch (error) {
        // Ended between the two looks.
        if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false
        throw error
      }
    })
}

before(async () => {
  instance = await Instance.create()
})

after(async () => {
  await instance.purge()
})

test('ccs up --demo ends with a URL that answers from both machines', async () => {
  const { code, stdout, stderr } = await instance.up('--demo')
  assert.equal(code, 0, stderr)
  url = stdout.trim().split('\n').at(-1)!
  assert.match(url, /^http:\/\/127\.0\.0\.1:\d+$/)
  assert.deepEqual([...(await answeringMachines())].toSorted(), ['local-1', 'local-2'])
})

test('ccs status -o json keeps its contract', async () => {
  const { code, stdout } = await instance.ccs('status', '-o', 'json')
  assert.equal(code, 0)
  const status = JSON.parse(stdout) as Record<string, unknown>
  assert.deepEqual(Object.keys(status), [
    'version',
    'instance',
    'phase',
    'addresses',
    'clusters',
    'problems',
  ])
  assert.equal(status['phase'], 'Running')
})

test('a second ccs up changes nothing and is quick to say so', async () => {
  const before = (await pods()).map((pod) => pod.status.containerStatuses?.[0]?.containerID)
  const { code } = await instance.up()
  assert.equal(code, 0)
  const now = (await pods()).map((pod) => pod.status.containerStatuses?.[0]?.containerID)
  assert.deepEqual(now, before)
})

test(
  'a killed container answers again within 3 s with restart count 1',
  { skip: kubectlMissing },
  async () => {
    const [victim] = await readyPods()
    const [pid] = await pidsOfPod(victim!.metadata.uid, 'httpd')
    assert.ok(pid, 'the pod has a process')
    const killed = Date.now()
    process.kill(pid, 'SIGKILL')
    await eventually('restart', 3_000, async () => {
      const pod = (await pods()).find((p) => p.metadata.uid === victim!.metadata.uid)
      const status = pod?.status.containerStatuses?.[0]
      return status?.ready === true && status.restartCount === 1
    })
    console.log(`  restarted and ready after ${Date.now() - killed} ms`)
  },
)

test('a deleted pod is replaced', { skip: kubectlMissing }, async () => {
  const [victim] = await pods()
  const { code, stderr } = await instance.kubectl(...LOCAL, 'delete', 'pod', victim!.metadata.name)
  assert.equal(code, 0, stderr)
  await eventually('replacement', 20_000, async () => {
    const ready = await readyPods()
    return ready.length === 2 && ready.every((p) => p.metadata.uid !== victim!.metadata.uid)
  })
})

test(
  'the engine killed under load loses no request, restarts no container, forgets no write',
  { skip: kubectlMissing },
  async () => {
    const before = (await readyPods())
      .map((p) => p.status.containerStatuses![0]!.containerID)
      .toSorted()
    const written = await instance.kubectl(
      ...LOCAL,
      'create',
      'configmap',
      'kept',
      '--from-literal=a=1',
    )
    assert.equal(written.code, 0, written.stderr)
    const load = steadyLoad(url)
    const { stdout } = await run(['pgrep', '-f', `main/engine.ts ${instance.dataDir}`])
    process.kill(Number(stdout.trim().split('\n')[0]), 'SIGKILL')
    await new Promise((resolve) => setTimeout(resolve, 3_000))
    const { code, stderr } = await instance.up()
    assert.equal(code, 0, stderr)
    await new Promise((resolve) => setTimeout(resolve, 3_000))
    const { sent, failures } = await load.stop()
    assert.deepEqual(failures, [], `${failures.length} of ${sent} failed`)
    const now = (await readyPods())
      .map((p) => p.status.containerStatuses![0]!.containerID)
      .toSorted()
    assert.deepEqual(now, before)
    const kept = await instance.kubectl(
      ...LOCAL,
      'get',
      'configmap',
      'kept',
      '-o',
      'jsonpath={.data.a}',
    )
    assert.equal(kept.stdout, '1')
  },
)

test(
  'a stopped machine leaves the service answering and its pods replaced',
  { skip: kubectlMissing },
  async () => {
    const load = steadyLoad(url)
    const stopped = await instance.ccs('machine', 'stop', 'local-2')
    assert.equal(stopped.code, 0, stopped.stderr)
    await eventually('replacement on the other machine', 30_000, async () => {
      const ready = await readyPods()
      return ready.length === 2 && ready.every((pod) => pod.spec.nodeName === 'local-1')
    })
    const { sent, failures } = await load.stop()
    assert.deepEqual(failures, [], `${failures.length} of ${sent} failed`)
    const started = await instance.ccs('machine', 'start', 'local-2')
    assert.equal(started.code, 0, started.stderr)
    await eventually('both machines Ready', 30_000, async () => {
      const { stdout } = await instance.kubectl(...LOCAL, 'get', 'nodes', '--no-headers')
      return (stdout.match(/ Ready /g) ?? []).length === 2
    })
  },
)

test('a firewall that drops forwarded packets, as dockerd sets one, changes nothing', async (t) => {
  const tables = (await run(['nft', 'list', 'tables'])).stdout
  if (/table ip filter/.test(tables)) return t.skip('this computer has a filter table of its own')
  t.after(() => run(['nft', 'delete', 'table', 'ip', 'filter']))
  const rules =
    'table ip filter { chain FORWARD { type filter hook forward priority filter; policy drop; }; }'
  const made = await run(['nft', '-f', '-'], { input: rules })
  assert.equal(made.code, 0, made.stderr)
  for (let i = 0; i < 20; i++) await fetchText(url)
})

test('a service is created, scaled, updated and deleted by name', async () => {
  const created = await instance.ccs(
    'service',
    'create',
    'second',
    '--image',
    'hello:1',
    '--port',
    '8080',
  )
  assert.equal(created.code, 0, created.stderr)
  await fetchText(created.stdout.trim())
  const scaled = await instance.ccs('service', 'scale', 'second', '--replicas', '3')
  assert.equal(scaled.code, 0, scaled.stderr)
  const list = await instance.ccs('service', 'list')
  assert.match(list.stdout, /second +Ready +3\/3/)
  const wrong = await instance.ccs('service', 'update', 'second', '--image', 'nowhere:1')
  assert.equal(wrong.code, 1)
  assert.match(wrong.stderr, /image "nowhere:1" is not in the registry/)
  const deleted = await instance.ccs('service', 'delete', 'second')
  assert.equal(deleted.code, 0, deleted.stderr)
})

test('ccs down and ccs up bring the service back', async () => {
  assert.equal((await instance.ccs('down')).code, 0)
  await assert.rejects(fetchText(url))
  const begun = Date.now()
  const { code, stderr } = await instance.up('--demo')
  assert.equal(code, 0, stderr)
  console.log(`  warm 'ccs up --demo': ${Date.now() - begun} ms`)
  await fetchText(url)
})

test('ccs down --purge leaves nothing on the computer', async () => {
  const words = new BehindInstance(instance).marks()
  assert.ok((await leftBehind(words)).length > 10, 'the marks find what is there')
  const { code, stderr } = await instance.purge()
  assert.equal(code, 0, stderr)
  assert.deepEqual(await leftBehind(words), [])
})
