// Answers requests for streams: exec, attach and port-forward, from WebSocket and SPDY clients.
import type { Duplex } from 'node:stream'
import type { Clock } from '#base/clock.ts'
import type { Logger } from '#base/log.ts'
import type { Pod } from '#kinds/k8s/core.ts'
import type { CommandSession } from '#streams/command/channels.ts'
import {
  type CommandProtocol,
  spdyCommandProtocols,
  webSocketCommandProtocols,
} from '#streams/command/protocols.ts'
import { lostStatus } from '#streams/command/outcome.ts'
import { acceptSpdyCommand } from '#streams/command/spdy-command.ts'
import type { StreamChoice } from '../runtime/runtime.ts'
import { acceptSpdy, acceptWebSocket, isWebSocket, negotiate, refuse } from './accept-client.ts'
import type { UpgradeCall } from './accept-client.ts'
import { bridgeCommand, endCommand } from './bridge-command.ts'
import { servePodPorts } from './serve-pod-ports.ts'
import { nodeLimits } from '../limits.ts'
import { runtimeStreams, type RuntimeStreamsOptions } from './runtime-streams.ts'
import { refusalOf, StreamRefusal } from './stream-refusal.ts'
import { readStreamRequest, type StreamRequest } from './stream-request.ts'
import { webSocketCommand } from '#streams/websocket/web-socket-command.ts'

export interface StreamingServerOptions extends RuntimeStreamsOptions {
  findPod(namespace: string, name: string): Pod | undefined
  /** Why no stream can be opened now, if that is known: it would otherwise wait for its deadlines. */
  problem: () => string | undefined
  log: Logger
}

export class StreamingServer {
  readonly #options: StreamingServerOptions
  readonly #runtime: ReturnType<typeof runtimeStreams>
  readonly #open = new Set<Duplex>()

  constructor(options: StreamingServerOptions) {
    this.#options = options
    this.#runtime = runtimeStreams(options)
  }

  /** Answers a request that asks for an upgrade; the connection is ours. */
  handle(call: UpgradeCall): void {
    const { socket, request } = call
    // Its end is told by `close`; without a listener an error would end the process.
    socket.on('error', (error) => this.#options.log.debug('a stream failed', { error }))
    this.#open.add(socket)
    socket.once('close', () => this.#open.delete(socket))
    this.#answer(call).catch((error: unknown) => {
      if (!(error instanceof StreamRefusal))
        this.#options.log.info('a stream was not opened', { path: request.url, error })
      // Who was accepted has been told over the new protocol.
      if (call.isAccepted !== true) refuse(socket, refusalOf(error))
    })
  }

  /** Cuts off every stream. */
  stop(): void {
    for (const socket of this.#open) socket.destroy()
    this.#runtime.close()
  }

  async #answer(call: UpgradeCall): Promise<void> {
    const asked = readStreamRequest(new URL(call.request.url ?? '/', 'http://agent'))
    if (asked === undefined) throw new StreamRefusal(404, '404 page not found')
    if (this.#open.size > nodeLimits.streamsMax)
      throw new StreamRefusal(429, `too many streams are open on this node, close some`)
    const pod = this.#options.findPod(asked.namespace, asked.pod)
    if (pod === undefined) throw new StreamRefusal(404, 'pod does not exist')
    const problem = this.#options.problem()
    if (problem !== undefined) throw new StreamRefusal(503, problem)
    if (asked.type !== 'portForward') return this.#command(call, pod, asked)
    const sandboxId = await this.#inTime(this.#runtime.sandboxId(pod))
    const { clock, log } = this.#options
    const forward = (port: number) => this.#runtime.forward(sandboxId, port)
    await servePodPorts(call, { ports: asked.ports, forward, clock, log })
  }

  async #urlOf(pod: Pod, asked: StreamRequest & { type: 'exec' | 'attach' }): Promise<URL> {
    const id = await this.#runtime.containerId(pod, asked.container)
    return asked.type === 'exec'
      ? this.#runtime.execUrl(id, asked.command, asked.streams)
      : this.#runtime.attachUrl(id, asked.streams)
  }

  /** A person waits for this: less patience than the runtime has with itself. */
  async #inTime<T>(task: Promise<T>): Promise<T> {
    const { promise, reject } = Promise.withResolvers<never>()
    const timer = this.#options.clock.after(nodeLimits.streamOpenMs, () =>
      reject(new StreamRefusal(504, 'the container runtime does not answer')),
    )
    try {
      return await Promise.race([task, promise])
    } finally {
      timer.cancel()
    }
  }

  async #command(
    call: UpgradeCall,
    pod: Pod,
    asked: StreamRequest & { type: 'exec' | 'attach' },
  ): Promise<void> {
    const { clock } = this.#options
    const accept = commandClient(call, asked.streams, clock)
    const url = await this.#inTime(this.#urlOf(pod, asked))
    const { session: client, protocol } = await accept()
    // Only now: a client that never opens its streams starts nothing.
    const runtime = await this.#runtime
      .command(url, asked.streams)
      .catch(async (error: unknown) => {
        await endCommand(client, lostStatus((error as Error).message), protocol)
        throw error
      })
    // Attached, we are a guest at the terminal of the container.
    const ownsTerminal = asked.type === 'exec' && asked.streams.tty
    await bridgeCommand({ client, runtime, protocol, ownsTerminal, clock })
  }
}

/** Throws when client and server have no protocol in common; gives what takes the client's streams. */
function commandClient(call: UpgradeCall, streams: StreamChoice, clock: Clock) {
  if (isWebSocket(call.request)) {
    const protocol = negotiate(call.request, webSocketCommandProtocols)
    return async (): Promise<{ session: CommandSession; protocol: CommandProtocol }> => {
      const socket = await acceptWebSocket(call, protocol)
      const session = webSocketCommand({ socket, protocol, streams, role: 'server', clock })
      return { session, protocol }
    }
  }
  const protocol = negotiate(call.request, spdyCommandProtocols)
  return async () => {
    const transport = acceptSpdy(call, protocol)
    const session = await acceptSpdyCommand({ transport, protocol, streams, clock })
    return { session, protocol }
  }
}
