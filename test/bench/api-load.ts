// Clients of the API in a process of their own; prints figures as JSON.
//   node api-load.ts KUBECONFIG CONTEXT namespace NAMESPACE
//   node api-load.ts KUBECONFIG CONTEXT create NAMESPACE CLIENTS SECONDS [WATCHERS [AHEAD]]
//   node api-load.ts KUBECONFIG CONTEXT fill NAMESPACE COUNT [configmaps|pods]
//   node api-load.ts KUBECONFIG CONTEXT list NAMESPACE TIMES [configmaps|pods]
import { setTimeout as sleep } from 'node:timers/promises'
import { ApiConnection, apiServer } from './api-connection.ts'
import { benchConfigMap, benchPod } from './bench-objects.ts'
import { median, percentile } from './rows.ts'

const [kubeconfig, context, mode, namespace, ...rest] = process.argv.slice(2)
const server = await apiServer(kubeconfig!, context!)
const collectionOf = (plural: string) => `/api/v1/namespaces/${namespace}/${plural}`
const collection = collectionOf('configmaps')
const run = Date.now().toString(36)

const TOO_MANY = 429
/** Kubernetes' Retry-After. */
const RETRY_MS = 1_000
const OPENED_AT_ONCE = 100

/** A crowd at a time: a server's backlog of connections is not what is measured. */
async function openAll(count: number): Promise<ApiConnection[]> {
  const open: ApiConnection[] = []
  while (open.length < count) {
    const length = Math.min(OPENED_AT_ONCE, count - open.length)
    open.push(...(await Promise.all(Array.from({ length }, () => ApiConnection.open(server)))))
  }
  return open
}

async function createOne(
  connection: ApiConnection,
  body: string,
  place = collection,
): Promise<void> {
  let { status } = await connection.ask('POST', place, { body })
  // As clients of Kubernetes do; the wait counts as time of the write.
  while (status === TOO_MANY) {
    await sleep(RETRY_MS)
    ;({ status } = await connection.ask('POST', place, { body }))
  }
  if (status !== 201) throw new Error(`a create at ${place} was answered with ${status}`)
}

interface Watched {
  events: number
  lagsMs: number[]
}

const SENT_AT = '"at":"'
/** Digits of the time and its quotation mark. */
const SENT_AT_LENGTH_MAX = 24

/**
 * Counts the events of a watch; the end of the connection ends it. Looks for their times in the bytes as they come:
 * with a thousand watchers in one process, to read lines would be all that is measured.
 */
function watch(connection: ApiConnection, watched: Watched): void {
  let carried = Buffer.alloc(0)
  const onBody = (chunk: Buffer) => {
    const now = performance.now()
    const bytes = carried.length === 0 ? chunk : Buffer.concat([carried, chunk])
    let seen = 0
    for (let at = bytes.indexOf(SENT_AT); at >= 0; at = bytes.indexOf(SENT_AT, seen)) {
      const start = at + SENT_AT.length
      const end = bytes.indexOf(34, start)
      if (end < 0) break
      watched.events++
      watched.lagsMs.push(now - Number(bytes.toString('latin1', start, end)))
      seen = end
    }
    carried = Buffer.from(bytes.subarray(Math.max(seen, bytes.length - SENT_AT_LENGTH_MAX)))
  }
  void connection
    .ask('GET', `${collection}?watch=1`, { onBody })
    .then(({ status }) => console.error(`a watch ended with ${status}`))
    .catch((error: unknown) => console.error('a watch broke', error))
}

/**
 * `ahead` bounds how many creates some watcher may not have seen yet, so that the lag is that of a server that keeps
 * up; without it the writers do not look at the watchers.
 */
async function create(clients: number, seconds: number, watchers: number, ahead: number) {
  const [writing, watching] = [await openAll(clients), await openAll(watchers)]
  const watched: Watched = { events: 0, lagsMs: [] }
  for (const connection of watching) watch(connection, watched)
  const latenciesMs: number[] = []
  let sent = 0
  const begun = performance.now()
  const end = begun + seconds * 1000
  await Promise.all(
    writing.map(async (connection, id) => {
      for (let i = 0; performance.now() < end; i++) {
        while (ahead > 0 && sent * watchers - watched.events > ahead * watchers) await sleep(1)
        const asked = performance.now()
        sent++
        await createOne(connection, benchConfigMap(`load-${run}-${id}-${i}`))
        latenciesMs.push(performance.now() - asked)
      }
    }),
  )
  const elapsedSeconds = (performance.now() - begun) / 1000
  const { events, lagsMs } = watched
  for (const connection of [...writing, ...watching]) connection.close()
  return {
    perSecond: latenciesMs.length / elapsedSeconds,
    p99Ms: percentile(latenciesMs, 0.99),
    ...(watchers === 0
      ? {}
      : { eventsPerSecond: events / elapsedSeconds, lagP99Ms: percentile(lagsMs, 0.99) }),
  }
}

const FILL_CLIENTS = 50

/** What can be filled with and listed, by plural name. */
const BODIES: Record<string, (name: string) => string> = {
  configmaps: benchConfigMap,
  pods: benchPod,
}

async function makeNamespace() {
  const connection = await ApiConnection.open(server)
  const make = (path: string, object: object) => createOne(connection, JSON.stringify(object), path)
  await make('/api/v1/namespaces', {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name: namespace },
  })
  // Pods need it, and a server without controllers does not make it.
  const account = { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'default' } }
  const { status } = await connection.ask('POST', collectionOf('serviceaccounts'), {
    body: JSON.stringify(account),
  })
  if (status !== 201 && status !== 409) throw new Error(`the service account: ${status}`)
  connection.close()
  return {}
}

async function fill(count: number, plural: string) {
  let next = 0
  const connections = await openAll(FILL_CLIENTS)
  const [place, body] = [collectionOf(plural), BODIES[plural]!]
  await Promise.all(
    connections.map(async (connection) => {
      for (let i = next++; i < count; i = next++)
        await createOne(connection, body(`fill-${i}`), place)
    }),
  )
  for (const connection of connections) connection.close()
  return { created: count }
}

async function list(times: number, plural: string) {
  const connection = await ApiConnection.open(server)
  const tookMs: number[] = []
  let bytes = 0
  for (let i = 0; i < times; i++) {
    const begun = performance.now()
    const { status, length } = await connection.ask('GET', collectionOf(plural))
    if (status !== 200) throw new Error(`the list was answered with ${status}`)
    tookMs.push(performance.now() - begun)
    bytes = length
  }
  connection.close()
  return { medianMs: median(tookMs), bytes }
}

async function measure(): Promise<unknown> {
  const [first = 0, second = 0, third = 0, fourth = 0] = rest.map(Number)
  const plural = rest[1] ?? 'configmaps'
  switch (mode) {
    case 'namespace':
      return makeNamespace()
    case 'create':
      return create(first, second, third, fourth)
    case 'fill':
      return fill(first, plural)
    case 'list':
      return list(first, plural)
    default:
      throw new Error(`there is no load "${mode}"`)
  }
}

process.stdout.write(JSON.stringify(await measure()))
