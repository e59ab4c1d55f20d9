// A whole API server, over HTTPS, with writers and with watchers that come back: killed, or its disk loses power.
import assert from 'node:assert/strict'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Random } from '#base/random.ts'
import { PlainProcess } from '../bench/plain-process.ts'
import { ApiClient, type Json } from './api-client.ts'
import { ApiWriters } from './api-writers.ts'
import { checkLedger, Ledger } from './ledger.ts'
import type { PowerDisk } from './power-disk.ts'
import { Reflector } from './reflector.ts'
import type { Rounds } from './store-rounds.ts'

const NAMESPACE = 'soak'
const COLLECTION = `/api/v1/namespaces/${NAMESPACE}/configmaps`
const WRITERS = 8
const OBJECTS_EACH = 10
const WATCHERS = 4
const CAUGHT_UP_MS = 30_000
const WAIT_MS = 10

async function makeNamespace(client: ApiClient): Promise<void> {
  const object = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: NAMESPACE } }
  const { status, body } = await client.ask('POST', '/api/v1/namespaces', object)
  assert.equal(status, 201, JSON.stringify(body))
}

async function listNow(
  client: ApiClient,
): Promise<{ objects: Map<string, Json>; version: number }> {
  const { status, body } = await client.ask('GET', COLLECTION)
  assert.equal(status, 200, JSON.stringify(body))
  const objects = (body.items as Json[]).map((object) => [object.metadata.name, object] as const)
  return { objects: new Map(objects), version: Number(body.metadata.resourceVersion) }
}

function startWatchers(client: ApiClient, ledger: Ledger): Reflector[] {
  const watchers = Array.from({ length: WATCHERS }, (_, i) => {
    const onEvent = (type: string, object: Json) => ledger.saw(type, object)
    return new Reflector({ client, path: COLLECTION, watchList: i % 2 === 1, onEvent })
  })
  for (const watcher of watchers) watcher.start()
  return watchers
}

/** All watchers hold what the list does, once nobody writes any more. */
export async function checkWatchers(
  watchers: readonly Reflector[],
  objects: ReadonlyMap<string, Json>,
): Promise<void> {
  const versionsOf = (all: ReadonlyMap<string, Json>) =>
    [...all].map(([name, { metadata }]) => `${name} ${metadata.resourceVersion}`).toSorted()
  const wanted = versionsOf(objects)
  for (const watcher of watchers) {
    const isEqual = () => versionsOf(watcher.objects).join() === wanted.join()
    for (let waited = 0; !isEqual() && waited < CAUGHT_UP_MS; waited += WAIT_MS) {
      watcher.check()
      await sleep(WAIT_MS)
    }
    assert.deepEqual(versionsOf(watcher.objects), wanted, 'a watcher holds something else')
    watcher.check()
  }
}

export interface ApiRounds extends Rounds {
  random: Random
}

/** One server after the other on the same files; clients and watchers live through all of them. */
export async function killApi(directory: string, rounds: ApiRounds): Promise<void> {
  const { times, waitMs, done, random } = rounds
  const files = path.join(directory, 'api')
  let server = await PlainProcess.start(files)
  const portOf = () => Number(new URL(server.ready.server).port)
  const client = await ApiClient.open(server.ready.kubeconfig, portOf)
  const ledger = new Ledger()
  await makeNamespace(client)
  const watchers = startWatchers(client, ledger)
  try {
    for (let round = 0; round < times; round++) {
      const writers = newWriters(client, ledger, random)
      writers.start()
      await sleep(waitMs())
      await server.kill()
      await writers.stop()
      server = await PlainProcess.start(files)
      const now = await listNow(client)
      checkLedger(ledger.freeze(), { ...now, mayBeNewer: false })
      for (const object of now.objects.values()) ledger.saw('ADDED', object)
      ledger.settle(now.objects)
      await checkWatchers(watchers, now.objects)
      done()
    }
    assert.ok(ledger.promised > times, 'hardly anything was written')
  } finally {
    await Promise.all(watchers.map((watcher) => watcher.stop()))
    client.close()
    await server.stop()
  }
}

/** One server that writes on and on; what each cut leaves is served by another and looked at there. */
export async function cutApi(disk: PowerDisk, rounds: ApiRounds): Promise<void> {
  const { times, waitMs, done, random } = rounds
  const server = await PlainProcess.start(path.join(disk.place, 'api'))
  const client = await ApiClient.open(server.ready.kubeconfig)
  const ledger = new Ledger()
  await makeNamespace(client)
  const watchers = startWatchers(client, ledger)
  const writers = newWriters(client, ledger, random)
  writers.start()
  try {
    for (let round = 0; round < times; round++) {
      await sleep(waitMs())
      for (const watcher of watchers) watcher.check()
      const promised = ledger.freeze()
      const seen = Math.max(...watchers.map(({ version }) => version))
      await disk.cut(async (place) => {
        const after = await PlainProcess.start(path.join(place, 'api'))
        try {
          await checkAfterCut(after, promised, seen)
        } finally {
          await after.stop()
        }
      })
      done()
    }
    assert.ok(writers.count > times, 'hardly anything was written')
  } finally {
    await writers.stop()
    await Promise.all(watchers.map((watcher) => watcher.stop()))
    client.close()
    await server.stop()
  }
}

async function checkAfterCut(
  server: PlainProcess,
  promised: ReturnType<Ledger['freeze']>,
  seen: number,
): Promise<void> {
  const client = await ApiClient.open(server.ready.kubeconfig)
  const now = await listNow(client)
  assert.ok(now.version >= seen, `a watcher had seen ${seen}, the API is at ${now.version}`)
  checkLedger(promised, { ...now, mayBeNewer: true })
  const watcher = new Reflector({ client, path: COLLECTION })
  watcher.start()
  await checkWatchers([watcher], now.objects)
  const made = await client.ask('POST', COLLECTION, {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'after-the-cut' },
    data: { value: 'x' },
  })
  assert.equal(made.status, 201, JSON.stringify(made.body))
  assert.ok(Number(made.body.metadata.resourceVersion) > Math.max(promised.newest, seen))
  await checkWatchers([watcher], (await listNow(client)).objects)
  await watcher.stop()
  client.close()
}

const newWriters = (client: ApiClient, ledger: Ledger, random: Random) =>
  new ApiWriters({
    client,
    ledger,
    random,
    path: COLLECTION,
    writers: WRITERS,
    objectsEach: OBJECTS_EACH,
  })
