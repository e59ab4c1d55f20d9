// The kubelet's HTTP API, on a Unix socket that only the engine reaches.
import { once } from 'node:events'
import { rm } from 'node:fs/promises'
import http from 'node:http'
import type { Clock } from '#base/clock.ts'
import { StatusError } from '#base/errors.ts'
import type { Logger } from '#base/log.ts'
import type { MachineDirectories } from './container/pod-places.ts'
import { serveContainerLog } from './logs/serve-container-log.ts'
import type { PodManager } from './pods/pod-manager.ts'
import type { StreamingServer } from './streaming/streaming-server.ts'

export interface AgentServerOptions {
  socketPath: string
  pods: PodManager
  machine: MachineDirectories
  isHealthy: () => boolean
  streaming: StreamingServer
  clock: Clock
  log: Logger
}

export interface AgentServer {
  start(): Promise<void>
  stop(): Promise<void>
}

const CONTAINER_LOGS = /^\/containerLogs\/([^/]+)\/([^/]+)\/([^/]+)$/

export function agentServer(options: AgentServerOptions): AgentServer {
  const { socketPath, pods, log } = options

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
    const [namespace, pod, container] = logs.slice(1).map(decodeURIComponent) as [
      string,
      string,
      string,
    ]
    const asked = { namespace, pod, container, query: url.searchParams }
    await serveContainerLog(options, asked, response)
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

  server.on('upgrade', (request, socket, head) => {
    options.streaming.handle({ request, socket, head })
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
      options.streaming.stop()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
