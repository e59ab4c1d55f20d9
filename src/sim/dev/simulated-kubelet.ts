// The kubelet's HTTP API of simulated nodes, without a socket: logs, and a plain refusal of what needs a
// container that runs.
import { createServer, type ServerResponse } from 'node:http'
import { Duplex } from 'node:stream'
import type { Clock } from '#base/clock.ts'
import { StatusError } from '#base/errors.ts'
import type { Informer } from '#client/types.ts'
import type { Pod } from '#kinds/k8s/core.ts'
import { isPrevious, logOptions } from '#node/logs/log-query.ts'
import { type LogLine, nextLineMs, simulatedLog } from './simulated-log.ts'

const CONTAINER_LOGS = /^\/containerLogs\/([^/]+)\/([^/]+)\/([^/]+)$/

export interface SimulatedKubeletOptions {
  pods: Informer<Pod>
  clock: Clock
}

/** Gives a connection to the kubelet of any simulated node. */
export function simulatedKubelet(options: SimulatedKubeletOptions): () => Promise<Duplex> {
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://node')
    if (url.pathname === '/healthz') return void response.end('ok')
    const path = CONTAINER_LOGS.exec(url.pathname)?.slice(1).map(decodeURIComponent)
    const answered =
      path === undefined
        ? Promise.reject(
            new StatusError(
              'MethodNotAllowed',
              'the containers are simulated, only their logs are there',
            ),
          )
        : serveLog(options, { path, query: url.searchParams }, response)
    answered.catch((error: unknown) => {
      if (!response.headersSent)
        response.writeHead(error instanceof StatusError ? error.code : 500, {
          'content-type': 'text/plain',
        })
      response.end((error as Error).message)
    })
  })
  return () => {
    const [near, far] = streamPair()
    server.emit('connection', far)
    return Promise.resolve(near)
  }
}

/** Two ends of a connection in memory. */
function streamPair(): [Duplex, Duplex] {
  const half = (other: () => Duplex) =>
    new Duplex({
      read() {},
      write(chunk: Buffer, _encoding, done) {
        other().push(chunk)
        done()
      },
      final(done) {
        other().push(null)
        done()
      },
    })
  const near: Duplex = half(() => far)
  const far: Duplex = half(() => near)
  return [near, far]
}

interface LogRequest {
  path: readonly string[]
  query: URLSearchParams
}

async function serveLog(
  { pods, clock }: SimulatedKubeletOptions,
  { path, query }: LogRequest,
  response: ServerResponse,
): Promise<void> {
  const [namespace = '', name = '', container = ''] = path
  const options = logOptions(query, clock.now())
  const linesNow = () => linesOf(pods.get(`${namespace}/${name}`), container, { query, clock })
  const isOpen = () => stateOf(pods.get(`${namespace}/${name}`), container)?.running !== undefined
  let lines = linesNow()
  const { sinceMs = 0, tailLines, limitBytes = Infinity } = options
  const wanted = lines.filter(({ atMs }) => atMs >= sinceMs)
  const first = tailLines === undefined ? wanted : wanted.slice(wanted.length - tailLines)
  const text = first.map((line) => shown(line, options.timestamps)).join('')
  response.writeHead(200, { 'content-type': 'text/plain' })
  response.write(text.slice(0, limitBytes))
  const closed = new AbortController()
  response.once('close', () => closed.abort())
  while (options.follow && isOpen() && !closed.signal.aborted) {
    const waitMs = nextLineMs(lines, clock.now()) - clock.now()
    await clock.sleep(Math.max(100, waitMs), closed.signal).catch(() => undefined)
    const next = linesNow()
    for (const line of next.slice(lines.length)) response.write(shown(line, options.timestamps))
    lines = next
  }
  response.end()
}

const shown = ({ atMs, text }: LogLine, timestamps: boolean): string =>
  `${timestamps ? `${new Date(atMs).toISOString().slice(0, 19)}.000000000Z ` : ''}${text}\n`

const statusOf = (pod: Pod | undefined, container: string) =>
  pod?.status?.containerStatuses?.find((one) => one.name === container)

const stateOf = (pod: Pod | undefined, container: string) => statusOf(pod, container)?.state

function linesOf(
  pod: Pod | undefined,
  container: string,
  { query, clock }: { query: URLSearchParams; clock: Clock },
): LogLine[] {
  if (pod === undefined) throw new StatusError('NotFound', 'the pod is not there any more')
  const status = statusOf(pod, container)
  const place = `container "${container}" in pod "${pod.metadata.name}"`
  const before = status?.lastState
  if (isPrevious(query)) {
    if (before?.terminated === undefined)
      throw new StatusError('BadRequest', `previous terminated ${place} not found`)
    return simulatedLog({ image: status!.image, state: before }, clock.now())
  }
  const state = status?.state ?? {}
  // One that waits to be started again has the log of its last run.
  const told = state.waiting !== undefined && before?.terminated !== undefined ? before : state
  if (told.running === undefined && told.terminated === undefined)
    throw new StatusError(
      'BadRequest',
      `${place} is waiting to start: ${state.waiting?.reason ?? 'ContainerCreating'}`,
    )
  return simulatedLog({ image: status!.image, state: told }, clock.now())
}
