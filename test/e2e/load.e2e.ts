// What a busy service sees while its operator works on it, and while a machine fails: fifty clients that
// keep their connections, and a server that takes no care of its own.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { BehindInstance } from './behind-instance.ts'
import { eventually, fetchText, Instance, kubectlMissing } from './instance.ts'
import { keepAliveLoad, type LoadResult } from './keep-alive-load.ts'
import { pushWebImages } from './web-image.ts'

const CONNECTIONS = 50
const PAUSE_MS = 15
const REQUESTS_MIN = 10_000
/** How long after a machine fell silent its requests may fail. */
const SILENCE_MS = 2_000
const LOCAL = ['--context', 'ccs-local']

let instance: Instance
let behind: BehindInstance
let url = ''

interface Node {
  metadata: { name: string }
  status: {
    conditions: { type: string; status: string }[]
    addresses: { type: string; address: string }[]
  }
}

interface Pod {
  metadata: { deletionTimestamp?: string }
  spec: { nodeName: string }
  status: { conditions?: { type: string; status: string }[] }
}

const figure = (text: string) => console.log(`  ${text}`)

async function ccs(...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await instance.ccs(...args)
  assert.equal(code, 0, `ccs ${args.join(' ')}: ${stderr}`)
  return stdout
}

async function kubectl(...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await instance.kubectl(...LOCAL, ...args)
  assert.equal(code, 0, `kubectl ${args.join(' ')}: ${stderr}`)
  return stdout
}

const list = async <T>(kind: string) =>
  (JSON.parse(await kubectl('get', kind, '-o', 'json')) as { items: T[] }).items
const isReady = ({ status }: { status: { conditions?: { type: string; status: string }[] } }) =>
  status.conditions?.some(({ type, status: is }) => type === 'Ready' && is === 'True') === true

/** Waits until exactly two pods are there, ready, one on each machine. */
const spread = () =>
  eventually('a pod on each machine', 60_000, async () => {
    const pods = (await list<Pod>('pods')).filter(({ metadata }) => !metadata.deletionTimestamp)
    const homes = new Set(pods.map(({ spec }) => spec.nodeName))
    if (pods.length === 2 && pods.every(isReady) && homes.size === 2) return true
    // Scheduling spreads what it places, it moves nothing.
    if (pods.length === 2 && pods.every(isReady))
      await kubectl('delete', 'pod', '-l=app.kubernetes.io/name=web', '--wait=false')
    await sleep(500)
    return false
  })

/** Load on the service during `work`, and on until there were enough requests. */
async function underLoad(work: () => Promise<void>): Promise<LoadResult> {
  const load = keepAliveLoad(url, { connections: CONNECTIONS, pauseMs: PAUSE_MS })
  try {
    await sleep(500)
    await work()
    while (load.sent < REQUESTS_MIN) await sleep(100)
  } finally {
    await load.stop()
  }
  const result = await load.stop()
  const times = result.failures.map(({ atMs, why }) => `${atMs} ms: ${why}`)
  figure(
    `${result.failures.length} of ${result.sent} requests failed ${times.slice(0, 3).join(', ')}`,
  )
  return result
}

describe('a service under load', { skip: kubectlMissing }, () => {
  before(async () => {
    instance = await Instance.create()
    behind = new BehindInstance(instance)
    assert.equal((await instance.up()).code, 0)
    await pushWebImages(instance)
    await ccs('service', 'create', 'web', '--image', 'web:1', '--replicas', '2', '--port', '8080')
    const service = JSON.parse(await ccs('service', 'get', 'web', '-o', 'json')) as {
      status: { url: string }
    }
    ;({ url } = service.status)
    assert.match(await fetchText(url), /^version 1 on web-/)
  })

  after(async () => {
    await instance.purge()
  })

  test('loses no request while it is updated, rolled back, scaled, and a machine is drained', async () => {
    await spread()
    const { failures, answers } = await underLoad(async () => {
      await ccs('service', 'update', 'web', '--image', 'web:2')
      await sleep(500)
      await ccs('service', 'rollback', 'web')
      await ccs('service', 'scale', 'web', '--replicas', '10')
      await sleep(1_000)
      await ccs('service', 'scale', 'web', '--replicas', '2')
      await kubectl(
        'drain',
        'local-1',
        '--ignore-daemonsets',
        '--delete-emptydir-data',
        '--timeout=60s',
      )
      await sleep(1_000)
      await kubectl('uncordon', 'local-1')
    })
    assert.deepEqual(failures, [])
    const of = (version: string) =>
      [...answers].reduce((sum, [text, count]) => sum + (text.includes(version) ? count : 0), 0)
    assert.ok(of('version 1') > 0 && of('version 2') > 0, 'both versions have answered')
  })

  test('loses no request once a machine is known to be dead', async () => {
    await spread()
    const nodes = await list<Node>('nodes')
    const victim = nodes.find(({ metadata }) => metadata.name === 'local-2')!
    const { address } = victim.status.addresses.find(({ type }) => type === 'InternalIP')!
    let cutMs = 0
    const { failures } = await underLoad(async () => {
      const begun = performance.now()
      const load = 500
      await sleep(1_000)
      cutMs = Math.round(performance.now() - begun) + load
      await behind.setLink(address, 'down')
      behind.killContainerd('local-2')
      await eventually('replacement', 20_000, async () => {
        const pods = (await list<Pod>('pods')).filter(isReady)
        return pods.filter(({ spec }) => spec.nodeName === 'local-1').length === 2
      })
      figure(`replaced ${Math.round(performance.now() - begun) + load - cutMs} ms after the cut`)
      await sleep(3_000)
      await behind.setLink(address, 'up')
      await eventually('all back', 20_000, async () => (await list<Node>('nodes')).every(isReady))
    })
    const late = failures.filter(({ atMs }) => atMs > cutMs + SILENCE_MS)
    assert.deepEqual(late, [], `${failures.length - late.length} failed before`)
    figure(`${failures.length} of them within ${SILENCE_MS} ms of the cut`)
    await spread()
  })
})
