// The kubelet's HTTP API, on a Unix socket that only the engine reaches.
import { once } from 'node:events'
import { rm } from 'node:fs/promises'
import http from 'node:http'
import type { Clock } from '#base/clock.ts'
import { StatusError } from '#base/errors.ts'
import type { Logger } from '#base/log.ts'
import type { MachineDirectories } from './container/pod-places.ts'
import { loggedContainer, logFile } from './logs/container-log.ts'
import { isPrevious, logOptions } from './logs/log-query.ts'
import { readLog } from './logs/read-log.ts'
import type { PodManager } from './pods/pod-manager.ts'
import { isRunning } from './pods/pod-view.ts'

export interface AgentServerOptions {
  socketPath: string
  pods: PodManager
  machine: MachineDirectories
  isHealthy: () => boolean
  clock: Clock
  log: Logger
}

export interface AgentServer {
  start(): Promise<void>
  stop(): Promise<void>
}

const CONTAINER_LOGS = /^\/containerLogs\/([^/]+)\/([^/]+)\/([^/]+)$/

export function agentServer(options: AgentServerOptions): AgentServer {
  const { socketPath, pods, machine, clock, log } = options

  const containerLogs = async (
    [, namespace = '', name = '', container = '']: readonly string[],
    query: URLSearchParams,
    response: http.ServerResponse,
  ) => {
    const record = pods.find(decodeURIComponent(namespace), decodeURIComponent(name))
    if (record === undefined)
      throw new StatusError('NotFound', `pod "${namespace}/${name}" not found`)
    const { pod, observed } = record
    const containers = observed?.containers ?? []
    const previous = isPrevious(query)
    const chosen = loggedContainer({ pod, containers, container, previous })
    const ended = new AbortController()
    response.once('close', () => ended.abort())
    const isOpen = () => isRunning(record.observed?.containers.find(({ id }) => id === chosen.id))
    const file = logFile(machine, pod, chosen)
    const follow = { clock, isOpen, signal: ended.signal }
    response.writeHead(200, { 'content-type': 'text/plain' })
    response.flushHeaders()
    for await (const chunk of readLog(file, logOptions(query, clock.now()), follow)) {
      if (ended.signal.aborted) return
      // The client sets the pace.
      if (!response.write(chunk))
        await Promise.race([once(response, 'drain'), once(response, 'close')])
    }
    response.end()
  }

  const answer = async (request: http.IncomingMessage, response: http.ServerResponse) => {
    const url = new URL(request.url ?? '/', 'http://agent')
    if (url.pathname === '/healthz') {
      const healthy = options.isHealthy()
      response.writeHead(healthy ? 200 : 503, { 'content-type': 'text/plain' })
      response.end(healthy ? 'ok' : 'the container runtime does not answer\n')
      return
    }
    if (url.pathname === '/pods') {
      response.writeHead(200, { 'content-type': 'application/json' })
      response.end(
        JSON.stringify({ apiVersion: 'v1', kind: 'PodList', metadata: {}, items: pods.pods }),
      )
      return
    }
    const logs = CONTAINER_LOGS.exec(url.pathname)
    if (logs === null) throw new StatusError('NotFound', `no such path: ${url.pathname}`)
    await containerLogs(logs, url.searchParams, response)
  }

  const fail = (error: unknown, response: http.ServerResponse) => {
    const missing = (error as NodeJS.ErrnoException).code === 'ENOENT'
    const known = error instanceof StatusError
    if (!known && !missing) log.warn('a request failed', { error })
    if (response.headersSent) return response.destroy()
    response.writeHead(known ? error.code : missing ? 404 : 500, { 'content-type': 'text/plain' })
    return response.end((error as Error).message)
  }

  const server = http.createServer((request, response) => {
    answer(request, response).catch((error: unknown) => fail(error, response))
  })

  return {
    async start() {
      // Left by a process that was killed.
      await rm(socketPath, { force: true })
      server.listen(socketPath)
      await once(server, 'listening')
    },
    async stop() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
