// One keep-alive connection to an API server, with as little work as possible for a request: the
// client shares the processors with the server it measures.
import { connect, type ConnectionOptions, type TLSSocket } from 'node:tls'
import { loadKubeconfig } from '#client/kubeconfig.ts'

export interface ApiServer {
  tls: ConnectionOptions
  host: string
  /** What comes before the path of every request. */
  prefix: string
  token: string | undefined
}

export async function apiServer(kubeconfig: string, context: string): Promise<ApiServer> {
  const { transport } = await loadKubeconfig(kubeconfig, context)
  const url = new URL(transport.server)
  const { ca, cert, key, insecureSkipTlsVerify } = transport
  return {
    tls: {
      host: url.hostname,
      port: Number(url.port || 443),
      ...(insecureSkipTlsVerify ? { rejectUnauthorized: false } : {}),
      ...(ca === undefined ? {} : { ca }),
      ...(cert === undefined ? {} : { cert }),
      ...(key === undefined ? {} : { key }),
      ...(transport.serverName === undefined ? {} : { servername: transport.serverName }),
    },
    host: url.host,
    prefix: url.pathname.replace(/\/$/, ''),
    token: transport.token,
  }
}

export interface ApiAnswer {
  status: number
  /** Bytes of the body, with its framing. */
  length: number
}

interface Waiting {
  resolve: (answer: ApiAnswer) => void
  reject: (error: Error) => void
}

const HEAD_END = '\r\n\r\n'
/** How a chunked body ends (RFC 9112, 7.1); only one answer is under way, so nothing follows it. */
const LAST_CHUNK = '0\r\n\r\n'

export class ApiConnection {
  readonly #server: ApiServer
  readonly #socket: TLSSocket
  #waiting: Waiting | undefined
  #head = ''
  #length = 0
  /** Length of the whole body, or undefined while it is chunked. */
  #expected: number | undefined
  #tail = ''
  #onBody: ((chunk: Buffer) => void) | undefined

  private constructor(server: ApiServer, socket: TLSSocket) {
    this.#server = server
    this.#socket = socket
    socket.on('data', (chunk: Buffer) => this.#read(chunk))
    const broken = (error: Error) => {
      this.#waiting?.reject(error)
      this.#waiting = undefined
    }
    socket.on('error', broken)
    socket.on('close', () => broken(new Error('the server closed the connection')))
  }

  static open(server: ApiServer): Promise<ApiConnection> {
    return new Promise((resolve, reject) => {
      const socket = connect(server.tls)
      socket.setNoDelay(true)
      socket.once('error', reject)
      socket.once('secureConnect', () => {
        socket.removeListener('error', reject)
        resolve(new ApiConnection(server, socket))
      })
    })
  }

  /** `onBody` sees the bytes of the body as they come, with the framing of chunks. */
  ask(
    method: string,
    path: string,
    options: { body?: string; onBody?: (chunk: Buffer) => void } = {},
  ): Promise<ApiAnswer> {
    const { body = '' } = options
    const { prefix, host, token } = this.#server
    const headers = [
      `${method} ${prefix}${path} HTTP/1.1`,
      `host: ${host}`,
      'accept: application/json',
      ...(token === undefined ? [] : [`authorization: Bearer ${token}`]),
      ...(body === '' ? [] : ['content-type: application/json']),
      `content-length: ${Buffer.byteLength(body)}`,
    ]
    this.#head = ''
    this.#length = 0
    this.#expected = undefined
    this.#tail = ''
    this.#onBody = options.onBody
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject }
      this.#socket.write(`${headers.join('\r\n')}${HEAD_END}${body}`)
    })
  }

  close(): void {
    this.#waiting = undefined
    this.#socket.destroy()
  }

  #read(chunk: Buffer): void {
    if (this.#waiting === undefined) return
    let body = chunk
    if (!this.#head.includes(HEAD_END)) {
      const before = this.#head.length
      this.#head += chunk.toString('latin1')
      const end = this.#head.indexOf(HEAD_END)
      if (end < 0) return
      body = chunk.subarray(end + HEAD_END.length - before)
      const length = /\r\ncontent-length: *(\d+)/i.exec(this.#head.slice(0, end))?.[1]
      this.#expected = length === undefined ? undefined : Number(length)
    }
    this.#length += body.length
    this.#tail = (this.#tail + body.toString('latin1', Math.max(0, body.length - 8))).slice(-8)
    this.#onBody?.(body)
    const isWhole =
      this.#expected === undefined
        ? this.#tail.endsWith(LAST_CHUNK)
        : this.#length >= this.#expected
    if (!isWhole) return
    const { resolve } = this.#waiting
    this.#waiting = undefined
    resolve({ status: Number(this.#head.split(' ', 2)[1]), length: this.#length })
  }
}
