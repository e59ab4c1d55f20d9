// Requests to others over connections that are kept: one pool for each target and its credentials.
import { createHash } from 'node:crypto'
import { Agent, type ClientRequest, type IncomingMessage, request as httpRequest } from 'node:http'
import type { Duplex } from 'node:stream'
import type { Clock } from '#base/clock.ts'
import { connectWithin, type Target } from './connect-within.ts'
import { DeadlineError } from './connection-error.ts'
import type { Dial } from './dial.ts'
import { outgoingLimits } from './outgoing-limits.ts'

export interface OutgoingRequest {
  method: string
  /** With query. */
  path: string
  /** Host among them. */
  headers: Readonly<Record<string, string | string[]>>
  body?: string | undefined
  timeoutMs: number
  bodyBytesMax: number
  signal?: AbortSignal | undefined
}

export interface OutgoingAnswer {
  status: number
  contentType: string
  text: string
}

export interface Outgoing {
  /** Asks and reads the whole answer. Rejects with the connection's error, or a DeadlineError. */
  ask(target: Target, request: OutgoingRequest): Promise<OutgoingAnswer>
  /** A request to be written and read by the caller. */
  open(target: Target, request: Pick<OutgoingRequest, 'method' | 'path' | 'headers'>): ClientRequest
  /** A connection of the caller's own. */
  connect(target: Target): Promise<Duplex>
  /** Ends every connection that is kept. */
  close(): void
}

type Created = (error: Error | null, connection?: Duplex) => void

const KEPT = {
  keepAlive: true,
  timeout: outgoingLimits.idleMs,
  maxSockets: outgoingLimits.connectionsPerTargetMax,
  maxFreeSockets: outgoingLimits.idlePerTargetMax,
} as const

class TargetAgent extends Agent {
  readonly #connect: () => Promise<Duplex>

  constructor(connect: () => Promise<Duplex>, options: typeof KEPT | { keepAlive: false }) {
    super(options)
    this.#connect = connect
  }

  override createConnection(_options: unknown, created: Created): undefined {
    this.#connect().then(
      (connection) => created(null, connection),
      (error: Error) => created(error),
    )
  }
}

export function createOutgoing(options: { dial: Dial; clock: Clock }): Outgoing {
  // In the order of their last use.
  const agents = new Map<string, TargetAgent>()
  let isClosed = false

  const agentFor = (target: Target): TargetAgent => {
    const connect = () => connectWithin(options, target)
    // Without TLS a connection serves one request: a pod is asked seldom, and must not be held.
    if (target.tls === undefined) return new TargetAgent(connect, { keepAlive: false })
    const key = keyOf(target)
    const agent = agents.get(key) ?? new TargetAgent(connect, KEPT)
    agents.delete(key)
    agents.set(key, agent)
    if (agents.size > outgoingLimits.targetsMax) {
      const [oldest, unused] = agents.entries().next().value!
      agents.delete(oldest)
      unused.destroy()
    }
    return agent
  }
  const open: Outgoing['open'] = (target, request) => {
    if (isClosed) throw new Error('the cluster closes')
    return httpRequest({ ...request, agent: agentFor(target), setHost: false })
  }
  return {
    open,
    connect: (target) => connectWithin(options, target),
    async ask(target, request) {
      const { clock } = options
      try {
        return await exchange(open(target, request), request, clock)
      } catch (error) {
        if (!(error instanceof StaleConnectionError)) throw error
        return exchange(open(target, request), request, clock)
      }
    },
    close() {
      isClosed = true
      for (const agent of agents.values()) agent.destroy()
      agents.clear()
    },
  }
}

const keyOf = ({ address, tls }: Target): string =>
  createHash('sha256')
    .update(JSON.stringify([address, tls]))
    .digest('hex')

/** The server closed a connection that was idle, just as it was to be used again: nothing was asked. */
class StaleConnectionError extends Error {}

/** Writes the request and reads its answer to the end, all within its time. */
async function exchange(
  outgoing: ClientRequest,
  { body, timeoutMs, bodyBytesMax, signal }: OutgoingRequest,
  clock: Clock,
): Promise<OutgoingAnswer> {
  const { promise: stopped, reject: stop } = Promise.withResolvers<never>()
  const timer = clock.after(timeoutMs, () => stop(new DeadlineError()))
  const abort = () => stop(signal?.reason as Error)
  signal?.addEventListener('abort', abort, { once: true })
  if (signal?.aborted) abort()
  try {
    const answered = responseOf(outgoing, body).then((response) => read(response, bodyBytesMax))
    return await Promise.race([answered, stopped])
  } catch (error) {
    outgoing.destroy()
    throw error
  } finally {
    timer.cancel()
    signal?.removeEventListener('abort', abort)
  }
}

function responseOf(outgoing: ClientRequest, body: string | undefined): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    outgoing.once('response', resolve)
    outgoing.on('error', (error: NodeJS.ErrnoException) => {
      const isStale = outgoing.reusedSocket && error.code === 'ECONNRESET'
      reject(isStale ? new StaleConnectionError(error.message, { cause: error }) : error)
    })
    outgoing.end(body)
  })
}

async function read(response: IncomingMessage, bytesMax: number): Promise<OutgoingAnswer> {
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of response as AsyncIterable<Buffer>) {
    length += chunk.length
    if (length > bytesMax) throw new Error(`the answer is longer than ${bytesMax} bytes`)
    chunks.push(chunk)
  }
  return {
    status: response.statusCode ?? 0,
    contentType: response.headers['content-type'] ?? '',
    text: Buffer.concat(chunks).toString(),
  }
}
