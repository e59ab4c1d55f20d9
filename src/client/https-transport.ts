// An ApiCall over HTTPS, for clusters that are not in this process.
import type { IncomingMessage } from 'node:http'
import { Agent, request as httpsRequest } from 'node:https'
import type { ApiCall, ApiRequest, ApiResponse } from '#base/api-call.ts'
import { type Clock, systemClock } from '#base/clock.ts'
import { jsonLines } from './json-lines.ts'
import { statusErrorOf } from './status-error.ts'

export interface HttpsTransportOptions {
  /** "https://127.0.0.1:6443", with the path of a cluster if it is not at the root. */
  server: string
  /** PEM of the CA that signed the server's certificate; the system's CAs unless given. */
  ca?: string
  /** PEM of a client certificate, and its key. */
  cert?: string
  key?: string
  token?: string
  /** Name in the server's certificate, when it is not the one in `server`. */
  serverName?: string
  /** Accepts any certificate: only where a user's kubeconfig says so. */
  insecureSkipTlsVerify?: boolean
  /** Until the answer's head is there, and for objects its body too. */
  timeoutMs?: number
  userAgent?: string
  clock?: Clock
}

export interface HttpsTransport {
  call: ApiCall
  /** Closes idle connections. */
  close: () => void
}

const TIMEOUT_MS_DEFAULT = 30_000
const SOCKETS_MAX = 64
// A list page of large objects; the server bounds pages by count only.
const BODY_BYTES_MAX = 256 * 1024 * 1024
// One event holds one object, which a server accepts up to 3 MiB; JSON may escape it.
const EVENT_BYTES_MAX = 16 * 1024 * 1024

export function httpsTransport(options: HttpsTransportOptions): HttpsTransport {
  const base = new URL(options.server)
  if (base.protocol !== 'https:')
    throw new TypeError(`the server "${options.server}" must start with https://`)
  const { ca, cert, key, serverName } = options
  // TCP keep-alive also finds a peer that vanished during a silent watch.
  const agent = new Agent({
    keepAlive: true,
    keepAliveMsecs: 15_000,
    maxSockets: SOCKETS_MAX,
    rejectUnauthorized: !options.insecureSkipTlsVerify,
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
    ...(serverName === undefined ? {} : { servername: serverName }),
  })
  return {
    call: (request) => new HttpsCall({ base, agent, options, request }).answer(),
    close: () => agent.destroy(),
  }
}

class HttpsCall {
  readonly #target: { base: URL; agent: Agent; options: HttpsTransportOptions }
  readonly #request: ApiRequest
  readonly #timeoutMs: number

  constructor(call: {
    base: URL
    agent: Agent
    options: HttpsTransportOptions
    request: ApiRequest
  }) {
    this.#target = call
    this.#request = call.request
    this.#timeoutMs = call.options.timeoutMs ?? TIMEOUT_MS_DEFAULT
  }

  async answer(): Promise<ApiResponse> {
    const timeout = new AbortController()
    const { clock = systemClock } = this.#target.options
    const timer = clock.after(this.#timeoutMs, () => timeout.abort())
    try {
      return await this.#answerWithin(timeout.signal)
    } finally {
      timer.cancel()
    }
  }

  async #answerWithin(timeout: AbortSignal): Promise<ApiResponse> {
    const message = await this.#send(timeout)
    const status = message.statusCode ?? 0
    const contentType = message.headers['content-type'] ?? ''
    if (status >= 400) throw statusErrorOf(status, await this.#body(message, timeout))
    const { signal } = this.#request
    const chunks = signal ? endedBy(message, signal) : message
    if (this.#isWatch()) return { type: 'watch', events: jsonLines(chunks, EVENT_BYTES_MAX) }
    if (!contentType.startsWith('application/json'))
      return { type: 'bytes', status, contentType, chunks }
    return { type: 'object', status, body: await this.#body(message, timeout) }
  }

  #isWatch(): boolean {
    const { method, query } = this.#request
    return method === 'GET' && query.get('watch') === 'true'
  }

  /** Sends the request; resolves when the head of the answer is there. */
  #send(timeout: AbortSignal): Promise<IncomingMessage> {
    const { base, agent } = this.#target
    const { method, path, query, body, signal } = this.#request
    const search = query.size > 0 ? `?${query.toString()}` : ''
    const payload = body === undefined ? undefined : JSON.stringify(body)
    const where = `${method} ${base.origin}${this.#path(path)}`
    return new Promise((resolve, reject) => {
      const outgoing = httpsRequest({
        agent,
        method,
        host: base.hostname.replace(/^\[(.*)\]$/, '$1'),
        port: base.port === '' ? 443 : base.port,
        path: `${this.#path(path)}${search}`,
        headers: this.#headers(payload),
      })
      const abort = (reason: unknown) =>
        outgoing.destroy(reason instanceof Error ? reason : new Error(String(reason)))
      const onAbort = () => abort(signal?.reason)
      const onTimeout = () => abort(new Error(`no answer within ${this.#timeoutMs} ms`))
      if (signal?.aborted) onAbort()
      signal?.addEventListener('abort', onAbort, { once: true })
      timeout.addEventListener('abort', onTimeout, { once: true })
      outgoing.once('close', () => signal?.removeEventListener('abort', onAbort))
      outgoing.once('error', (cause) => reject(new Error(`${where} failed`, { cause })))
      outgoing.once('response', (message) => {
        timeout.removeEventListener('abort', onTimeout)
        resolve(message)
      })
      outgoing.end(payload)
    })
  }

  #path(path: string): string {
    return `${this.#target.base.pathname.replace(/\/$/, '')}${path}`
  }

  #headers(payload: string | undefined): Record<string, string> {
    const { token, userAgent = 'ccs' } = this.#target.options
    return {
      accept: 'application/json, */*;q=0.5',
      'user-agent': userAgent,
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...(payload === undefined
        ? {}
        : {
            'content-type': this.#request.patchType ?? 'application/json',
            'content-length': String(Buffer.byteLength(payload)),
          }),
    }
  }

  /** The whole body: parsed when it is JSON, else as text. */
  async #body(message: IncomingMessage, timeout: AbortSignal): Promise<unknown> {
    const { method, path } = this.#request
    const onTimeout = () =>
      message.destroy(new Error(`the answer did not end within ${this.#timeoutMs} ms`))
    timeout.addEventListener('abort', onTimeout, { once: true })
    try {
      const chunks: Buffer[] = []
      let size = 0
      for await (const chunk of message as AsyncIterable<Buffer>) {
        size += chunk.byteLength
        if (size > BODY_BYTES_MAX)
          throw new RangeError(`the answer is longer than ${BODY_BYTES_MAX} bytes`)
        chunks.push(chunk)
      }
      const text = Buffer.concat(chunks).toString('utf8')
      const isJson = (message.headers['content-type'] ?? '').startsWith('application/json')
      return isJson ? (JSON.parse(text) as unknown) : text
    } catch (cause) {
      throw new Error(`the answer to ${method} ${path} could not be read`, { cause })
    } finally {
      timeout.removeEventListener('abort', onTimeout)
    }
  }
}

/** The chunks of a stream; an abort asked for is its end, not an error. */
async function* endedBy(
  chunks: AsyncIterable<Uint8Array>,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array, void> {
  try {
    yield* chunks
  } catch (error) {
    if (!signal.aborted) throw error
  }
}
