// Informers of several clients over HTTPS, on a thousand objects that come, change and go, while their connections are
// cut at random: each ends with what the API has, and the watches between tell every change once, in order.
import assert from 'node:assert/strict'
import { readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { makeInformer, KubeConfig, CoreV1Api } from '@kubernetes/client-node'
import { systemClock } from '#base/clock.ts'
import { silentLogger } from '#base/log.ts'
import { type Random, seededRandom, systemRandom } from '#base/random.ts'
import { createClient } from '#client/create-client.ts'
import { httpsTransport } from '#client/https-transport.ts'
import { createInformer } from '#client/informer.ts'
import { loadKubeconfig } from '#client/kubeconfig.ts'
import type { KubeObject } from '#kinds/object.ts'
import { configMaps, namespaces } from '#kinds/refs.ts'
import { openMemoryStore } from '#storage/open-memory-store.ts'
import { ApiClient, type Json } from '../../soak/api-client.ts'
import { Reflector } from '../../soak/reflector.ts'
import { type CuttingProxy, startCuttingProxy } from './cutting-proxy.ts'
import { startTestServer, type TestServer } from './test-server.ts'

const seed = Number(process.env['SEED'] ?? Math.floor(systemRandom.next() * 1e9))
const NAMESPACE = 'churn'
const PATH = `/api/v1/namespaces/${NAMESPACE}/configmaps`
const OBJECTS = 1_000
const ROUNDS = 50
const WRITES_PER_ROUND = 60
const ROUND_MS = 80
/** Rounds between two compactions; what is older than the last one is gone. */
const COMPACT_EVERY = 10
const LIFE_MS = { min: 20, max: 600 }
const TIMEOUT_MS = 20_000
const LAST = 'zz-last'

const store = openMemoryStore()
let server: TestServer
let proxy: CuttingProxy
let kubeconfig: string

before(async () => {
  server = await startTestServer(0, { store })
  proxy = await startCuttingProxy({
    port: server.port,
    random: seededRandom(seed),
    lifeMs: LIFE_MS,
  })
  kubeconfig = path.join(server.directory, 'through-the-proxy')
  const text = await readFile(server.kubeconfig, 'utf8')
  await writeFile(kubeconfig, text.replaceAll(`:${server.port}`, `:${proxy.port}`), { mode: 0o600 })
})
after(async () => {
  proxy.close()
  await server.close()
})

interface Change {
  name: string
  revision: number
}

/** Every change of the objects as the store knows it, in order. */
function recordChanges(): Change[] {
  const changes: Change[] = []
  store.watch('/', store.revision, {
    events(events) {
      for (const { key, revision } of events)
        if (key.includes(`/configmaps/${NAMESPACE}/`))
          changes.push({ name: key.slice(key.lastIndexOf('/') + 1), revision })
    },
  })
  return changes
}

interface Follower {
  what: string
  versions(): Map<string, string>
  stop(): Promise<void>
}

const versionsOf = (objects: Iterable<Json>): Map<string, string> =>
  new Map([...objects].map(({ metadata }) => [metadata.name, metadata.resourceVersion]))

/** What each watch told between two lists, held against what happened. */
class Told {
  readonly #segments: { from: number; events: Change[]; until: number }[] = []

  list(version: number): void {
    this.#segments.push({ from: version, events: [], until: version })
  }

  event(object: Json): void {
    const revision = Number(object.metadata.resourceVersion)
    const segment = this.#segments.at(-1)
    assert.ok(segment !== undefined, 'an event came before any list')
    segment.events.push({ name: object.metadata.name, revision })
    segment.until = revision
  }

  check(changes: readonly Change[]): void {
    for (const { from, events, until } of this.#segments)
      assert.deepEqual(
        events,
        changes.filter(({ revision }) => revision > from && revision <= until),
        `a watch from ${from} to ${until} told something else`,
      )
  }
}

async function reflector(watchList: boolean, changes: readonly Change[]): Promise<Follower> {
  const client = await ApiClient.open(kubeconfig, undefined, 'hub')
  const told = new Told()
  const reflecting = new Reflector({
    client,
    path: PATH,
    watchList,
    onList: (version) => told.list(version),
    onEvent: (_type, object) => told.event(object),
  })
  reflecting.start()
  return {
    what: watchList ? 'reflector by streaming list' : 'reflector by pages',
    versions: () => versionsOf(reflecting.objects.values()),
    async stop() {
      await reflecting.stop()
      client.close()
      told.check(changes)
    },
  }
}

async function ownInformer(): Promise<Follower> {
  const { transport } = await loadKubeconfig(kubeconfig, 'hub')
  const https = httpsTransport(transport)
  const informer = createInformer({
    client: createClient(https.call),
    kind: configMaps,
    clock: systemClock,
    random: systemRandom,
    log: silentLogger,
    scope: { namespace: NAMESPACE },
  })
  const known = new Map<string, number>()
  const problems: string[] = []
  const see = (what: 'added' | 'updated', { metadata }: KubeObject) => {
    const before = known.get(metadata.name)
    const now = Number(metadata.resourceVersion)
    if ((before !== undefined) !== (what === 'updated')) problems.push(`${metadata.name} ${what}`)
    if (before !== undefined && now <= before)
      problems.push(`${metadata.name} went from ${before} to ${now}`)
    known.set(metadata.name, now)
  }
  informer.on({
    added: (object) => see('added', object),
    updated: (object) => see('updated', object),
    deleted: ({ metadata }) => {
      if (!known.delete(metadata.name)) problems.push(`${metadata.name} deleted twice`)
    },
  })
  informer.start()
  return {
    what: 'informer of our own',
    versions: () => new Map([...known].map(([name, version]) => [name, String(version)])),
    async stop() {
      await informer.stop()
      https.close()
      assert.deepEqual(problems, [])
    },
  }
}

function clientNodeInformer(): Follower {
  const config = new KubeConfig()
  config.loadFromFile(kubeconfig)
  const api = config.makeApiClient(CoreV1Api)
  const informer = makeInformer(config, PATH, () =>
    api.listNamespacedConfigMap({ namespace: NAMESPACE }),
  )
  let isStopped = false
  const again = () => {
    if (!isStopped) setTimeout(() => void informer.start().catch(again), ROUND_MS)
  }
  // As its documentation has it: whoever uses it starts it again.
  informer.on('error', again)
  void informer.start().catch(again)
  return {
    what: 'informer of @kubernetes/client-node',
    versions: () => versionsOf(informer.list()),
    async stop() {
      isStopped = true
      await informer.stop()
    },
  }
}

/** Creates, changes, deletes at once or by finalizer; what is there already decides. */
async function churn(random: Random): Promise<void> {
  const call = server.clusters.get('hub')!.call({ username: 'admin', groups: ['system:masters'] })
  const api = createClient(call).resource(configMaps)
  await createClient(call)
    .resource(namespaces)
    .create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: NAMESPACE }, spec: {} })
  const names = new Set<string>()
  const write = async (name: string, round: number) => {
    const place = { namespace: NAMESPACE, name }
    if (!names.has(name)) {
      names.add(name)
      const finalizers = random.next() < 0.2 ? ['example.com/wait'] : []
      const metadata = { ...place, finalizers }
      await api.create({ apiVersion: 'v1', kind: 'ConfigMap', metadata, data: { round: '0' } })
    } else if (random.next() < 0.15) {
      names.delete(name)
      await api.delete(place)
      await api.patch(place, { metadata: { finalizers: [] } }).catch(() => undefined)
    } else await api.patch(place, { data: { round: String(round), value: String(random.next()) } })
  }
  const someName = () => `c${Math.floor(random.next() * OBJECTS)}`
  for (let at = 0; at < OBJECTS; at++) await write(`c${at}`, 0)
  for (let round = 1; round <= ROUNDS; round++) {
    for (let n = 0; n < WRITES_PER_ROUND; n++) await write(someName(), round)
    if (round % COMPACT_EVERY === 0) await store.compact(store.revision)
    await sleep(ROUND_MS)
  }
  proxy.calm()
  const metadata = { namespace: NAMESPACE, name: LAST }
  await api.create({ apiVersion: 'v1', kind: 'ConfigMap', metadata })
}

test('informers end with what is there, however often they are cut off', async (context) => {
  context.diagnostic(`seed ${seed}: SEED=${seed} repeats it`)
  const changes = recordChanges()
  const followers = [
    await reflector(false, changes),
    await reflector(true, changes),
    await ownInformer(),
    clientNodeInformer(),
  ]
  context.after(() => Promise.allSettled(followers.map((follower) => follower.stop())))
  await churn(seededRandom(seed + 1))
  const deadline = Date.now() + TIMEOUT_MS
  const isDone = () => followers.every((follower) => follower.versions().has(LAST))
  while (!isDone() && Date.now() < deadline) await sleep(ROUND_MS)

  const call = server.clusters.get('hub')!.call({ username: 'admin', groups: ['system:masters'] })
  const { items } = await createClient(call).resource(configMaps).list({ namespace: NAMESPACE })
  const there = versionsOf(items)
  for (const follower of followers) {
    assert.deepEqual(follower.versions(), there, follower.what)
    await follower.stop()
  }
  assert.ok(changes.length > OBJECTS + ROUNDS * WRITES_PER_ROUND, 'too little happened')
  assert.ok(proxy.cuts > followers.length, `only ${proxy.cuts} connections were cut`)
  context.diagnostic(`${changes.length} changes, ${proxy.cuts} connections cut`)
})
