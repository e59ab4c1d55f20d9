// Runs a command in a container, or attaches to it: the remote command protocol v5 over WebSocket.
import type { IncomingMessage } from 'node:http'
import { type Readable, type Writable } from 'node:stream'
import { finished } from 'node:stream/promises'
import { text } from 'node:stream/consumers'
import { WebSocket } from 'ws'
import { systemClock } from '#base/clock.ts'
import { type CommandSession, sizeMessage, type TerminalSize } from '#streams/command/channels.ts'
import { type CommandStatus, outcomeOf, readOutcomeText } from '#streams/command/outcome.ts'
import { webSocketCommandProtocols } from '#streams/command/protocols.ts'
import { streamLimits } from '#streams/limits.ts'
import { pump } from '#streams/pump.ts'
import { webSocketCommand } from '#streams/websocket/web-socket-command.ts'
import type { HttpsTransportOptions } from './https-transport.ts'
import { statusErrorOf } from './status-error.ts'

export interface AttachOptions {
  namespace: string
  pod: string
  /** May be left out where the pod has one. */
  container?: string
  /** Read to its end, which the command sees as its own end of input. Left out: no input. */
  stdin?: Readable
  /** Never ended, so that it may be the process's own. */
  stdout: Writable
  /** With `tty` all output is on `stdout`. */
  stderr?: Writable
  tty?: boolean
  /** Sizes of the terminal: the first at once, then one for each change. Only with `tty`. */
  resize?: AsyncIterable<TerminalSize>
  signal?: AbortSignal
}

export interface ExecOptions extends AttachOptions {
  /** Program and arguments; no shell is added. */
  command: readonly string[]
}

/** Where to connect and who we are: what `loadKubeconfig` gives as `transport`. */
export type RemoteCommandServer = HttpsTransportOptions

/**
 * Resolves when the command has ended and all its output is written. Rejects with a StatusError when the
 * server refuses or could not run it, with the signal's reason when that aborts, and with another error
 * when the connection is lost.
 */
export const execInPod = (
  server: RemoteCommandServer,
  options: ExecOptions,
): Promise<{ exitCode: number }> => remoteCommand(server, 'exec', options, options.command)

/** Attaches to the first process of a running container. As `execInPod`; the exit code is 0 when it ended. */
export const attachToPod = (
  server: RemoteCommandServer,
  options: AttachOptions,
): Promise<{ exitCode: number }> => remoteCommand(server, 'attach', options, [])

const PROTOCOL = webSocketCommandProtocols[0]!

async function remoteCommand(
  server: RemoteCommandServer,
  subresource: 'exec' | 'attach',
  options: AttachOptions,
  command: readonly string[],
): Promise<{ exitCode: number }> {
  const { signal, stdin, stderr, tty = false } = options
  signal?.throwIfAborted()
  const clock = server.clock ?? systemClock
  const socket = await connect(server, pathOf(subresource, options, command), signal)
  const streams = { stdin: stdin !== undefined, stdout: true, stderr: stderr !== undefined, tty }
  const session = webSocketCommand({ socket, protocol: PROTOCOL, streams, role: 'client', clock })
  const abort = () => session.destroy()
  signal?.addEventListener('abort', abort, { once: true })
  try {
    return await converse(session, options)
  } finally {
    signal?.removeEventListener('abort', abort)
    session.close()
  }
}

function pathOf(
  subresource: string,
  { namespace, pod, container, stdin, stderr, tty = false }: AttachOptions,
  command: readonly string[],
): string {
  const query = new URLSearchParams()
  if (container !== undefined) query.set('container', container)
  for (const part of command) query.append('command', part)
  query.set('stdin', String(stdin !== undefined))
  query.set('stdout', 'true')
  query.set('stderr', String(stderr !== undefined && !tty))
  query.set('tty', String(tty))
  const parts = ['api', 'v1', 'namespaces', namespace, 'pods', pod, subresource]
  return `/${parts.map(encodeURIComponent).join('/')}?${query.toString()}`
}

async function converse(
  session: CommandSession,
  { stdin, stdout, stderr, resize, signal }: AttachOptions,
): Promise<{ exitCode: number }> {
  const { channels } = session
  const stop = (error: Error) => session.destroy(error)
  const writers = [stdout, stderr].filter((writer) => writer !== undefined)
  for (const writer of writers) writer.once('error', stop)
  const outputs = [copy(channels.stdout, stdout), copy(channels.stderr, stderr)]
  if (stdin !== undefined && channels.stdin !== undefined) void pump(stdin, channels.stdin)
  const sizes = resize === undefined ? undefined : resize[Symbol.asyncIterator]()
  if (sizes !== undefined) void sendSizes(session, sizes)
  try {
    const outcome = outcomeOf(await readOutcomeText(channels.error!))
    await Promise.all(outputs)
    signal?.throwIfAborted()
    if (outcome.type === 'exited') return { exitCode: outcome.exitCode }
    throw failureOf(outcome)
  } finally {
    // What is left of the input is its owner's.
    if (stdin !== undefined && channels.stdin !== undefined) stdin.unpipe(channels.stdin)
    channels.stdin?.destroy()
    for (const writer of writers) writer.off('error', stop)
    void sizes?.return?.()
  }
}

function failureOf({ message, status }: { message: string; status?: CommandStatus }): Error {
  if (status === undefined) return new Error(message)
  return statusErrorOf(status.code ?? 500, status)
}

/** All of a channel to a writer that stays open. */
async function copy(from: Readable | undefined, to: Writable | undefined): Promise<void> {
  if (from === undefined || to === undefined) return
  from.pipe(to, { end: false })
  // A writer that was closed wants no more; unread, the channel would never come to its end.
  const drop = () => from.resume()
  to.once('close', drop)
  try {
    await finished(from, { writable: false })
  } finally {
    to.off('close', drop)
  }
}

async function sendSizes(
  { channels, closed }: CommandSession,
  sizes: AsyncIterator<TerminalSize>,
): Promise<void> {
  let isOver = false
  void closed.then(() => (isOver = true))
  for (;;) {
    const next = await sizes.next()
    if (next.done === true || isOver) return
    channels.resize?.write(sizeMessage(next.value))
  }
}

function connect(
  server: RemoteCommandServer,
  path: string,
  signal: AbortSignal | undefined,
): Promise<WebSocket> {
  const base = new URL(server.server)
  const { ca, cert, key, serverName, token, userAgent = 'ccs' } = server
  const socket = new WebSocket(
    `wss://${base.host}${base.pathname.replace(/\/$/, '')}${path}`,
    [PROTOCOL.name],
    {
      handshakeTimeout: streamLimits.upgradeMs,
      perMessageDeflate: false,
      maxPayload: streamLimits.messageBytesMax,
      rejectUnauthorized: server.insecureSkipTlsVerify !== true,
      headers: {
        'user-agent': userAgent,
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      },
      ...(ca === undefined ? {} : { ca }),
      ...(cert === undefined ? {} : { cert }),
      ...(key === undefined ? {} : { key }),
      ...(serverName === undefined ? {} : { servername: serverName }),
    },
  )
  return new Promise((resolve, reject) => {
    const abort = () => socket.terminate()
    signal?.addEventListener('abort', abort, { once: true })
    const settle = () => signal?.removeEventListener('abort', abort)
    const fail = (error: Error) => {
      settle()
      reject(error)
    }
    socket.once('open', () => {
      settle()
      resolve(socket)
    })
    socket.once('unexpected-response', (_request, response: IncomingMessage) => {
      void refusalOf(response)
        .then(fail, fail)
        .finally(() => response.destroy())
    })
    socket.on('error', (cause) => {
      if (signal?.aborted === true) return fail(signal.reason as Error)
      fail(new Error(`connecting to ${base.origin} failed: ${cause.message}`, { cause }))
    })
  })
}

async function refusalOf(response: IncomingMessage): Promise<Error> {
  const body = await text(response)
  const isJson = (response.headers['content-type'] ?? '').startsWith('application/json')
  return statusErrorOf(response.statusCode ?? 500, isJson ? (JSON.parse(body) as unknown) : body)
}
