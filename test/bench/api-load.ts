// Clients of the API in a process of their own; prints figures as JSON.
//   node api-load.ts KUBECONFIG CONTEXT create NAMESPACE CLIENTS SECONDS [WATCHERS]
//   node api-load.ts KUBECONFIG CONTEXT fill NAMESPACE COUNT
//   node api-load.ts KUBECONFIG CONTEXT list NAMESPACE TIMES
import { ApiConnection, apiServer } from './api-connection.ts'
import { median, percentile } from './rows.ts'

const [kubeconfig, context, mode, namespace, ...rest] = process.argv.slice(2)
const server = await apiServer(kubeconfig!, context!)
const collection = `/api/v1/namespaces/${namespace}/configmaps`
const run = Date.now().toString(36)
/** With it, an object has 1 KB. */
const payload = 'x'.repeat(700)

const configMap = (name: string) =>
  JSON.stringify({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name },
    // When it was sent, so that a watcher knows the lag.
    data: { at: performance.now().toFixed(3), payload },
  })

const openAll = (count: number) =>
  Promise.all(Array.from({ length: count }, () => ApiConnection.open(server)))

async function createOne(connection: ApiConnection, name: string): Promise<void> {
  const { status } = await connection.ask('POST', collection, { body: configMap(name) })
  if (status !== 201) throw new Error(`creating ${name} was answered with ${status}`)
}

interface Watched {
  events: number
  lagsMs: number[]
}

const SENT_AT = '"at":"'

/** Counts the events of a watch; the end of the connection ends it. */
function watch(connection: ApiConnection, watched: Watched): void {
  let rest = ''
  const onBody = (chunk: Buffer) => {
    const now = performance.now()
    const lines = (rest + chunk.toString('latin1')).split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) {
      const at = line.indexOf(SENT_AT)
      if (at < 0) continue
      watched.events++
      const start = at + SENT_AT.length
      watched.lagsMs.push(now - Number(line.slice(start, line.indexOf('"', start))))
    }
  }
  void connection
    .ask('GET', `${collection}?watch=1`, { onBody })
    .then(({ status }) => console.error(`a watch ended with ${status}`))
    .catch((error: unknown) => console.error('a watch broke', error))
}

async function create(clients: number, seconds: number, watchers: number) {
  const [writing, watching] = [await openAll(clients), await openAll(watchers)]
  const watched: Watched = { events: 0, lagsMs: [] }
  for (const connection of watching) watch(connection, watched)
  const latenciesMs: number[] = []
  const begun = performance.now()
  const end = begun + seconds * 1000
  await Promise.all(
    writing.map(async (connection, id) => {
      for (let i = 0; performance.now() < end; i++) {
        const asked = performance.now()
        await createOne(connection, `load-${run}-${id}-${i}`)
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

async function fill(count: number) {
  let next = 0
  const connections = await openAll(FILL_CLIENTS)
  await Promise.all(
    connections.map(async (connection) => {
      for (let i = next++; i < count; i = next++) await createOne(connection, `fill-${i}`)
    }),
  )
  for (const connection of connections) connection.close()
  return { created: count }
}

async function list(times: number) {
  const connection = await ApiConnection.open(server)
  const tookMs: number[] = []
  let bytes = 0
  for (let i = 0; i < times; i++) {
    const begun = performance.now()
    const { status, length } = await connection.ask('GET', collection)
    if (status !== 200) throw new Error(`the list was answered with ${status}`)
    tookMs.push(performance.now() - begun)
    bytes = length
  }
  connection.close()
  return { medianMs: median(tookMs), bytes }
}

async function measure(): Promise<unknown> {
  const [first = 0, second = 0, third = 0] = rest.map(Number)
  switch (mode) {
    case 'create':
      return create(first, second, third)
    case 'fill':
      return fill(first)
    case 'list':
      return list(first)
    default:
      throw new Error(`there is no load "${mode}"`)
  }
}

process.stdout.write(JSON.stringify(await measure()))
