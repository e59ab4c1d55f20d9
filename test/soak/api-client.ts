// A plain client of an API: requests, and answers read line by line. The address may change between two requests.
import { Agent, request, type RequestOptions } from 'node:https'
import { apiServer, type ApiServer } from '../bench/api-connection.ts'

export interface Answer {
  status: number
  body: Json
}

// oxlint-disable-next-line typescript/no-explicit-any -- bodies of an API are looked at as they come
export type Json = any

const TIMEOUT_MS = 20_000

export class ApiClient {
  readonly #server: ApiServer
  readonly #agent: Agent
  readonly #port: () => number

  private constructor(server: ApiServer, port: () => number) {
    this.#server = server
    this.#port = port
    this.#agent = new Agent({ keepAlive: true })
  }

  /** `port` stands in for the one of the kubeconfig, for a proxy between. */
  static async open(
    kubeconfig: string,
    port?: () => number,
    context = 'ccs-hub',
  ): Promise<ApiClient> {
    const server = await apiServer(kubeconfig, context)
    return new ApiClient(server, port ?? (() => Number(server.tls.port)))
  }

  ask(method: string, path: string, object?: object): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const call = request(this.#options(method, path), (response) => {
        let text = ''
        response.setEncoding('utf8')
        response.on('data', (chunk: string) => (text += chunk))
        response.on('error', reject)
        response.on('close', () => {
          if (response.complete) resolve({ status: response.statusCode!, body: JSON.parse(text) })
          else reject(new Error('the connection was cut'))
        })
      })
      call.setTimeout(TIMEOUT_MS, () => call.destroy(new Error(`no answer in ${TIMEOUT_MS} ms`)))
      call.on('error', reject)
      call.end(object === undefined ? undefined : JSON.stringify(object))
    })
  }

  /**
   * Gives each whole line of the answer to `onLine`; resolves with how it ended: by the server, or cut off. An answer
   * that is no 200 is thrown as its Status.
   */
  stream(
    path: string,
    onLine: (object: Json) => void,
    signal: AbortSignal,
  ): Promise<'ended' | 'cut'> {
    return new Promise((resolve, reject) => {
      const call = request({ ...this.#options('GET', path), signal }, (response) => {
        let rest = ''
        response.setEncoding('utf8')
        response.on('data', (chunk: string) => {
          const lines = (rest + chunk).split('\n')
          rest = lines.pop() ?? ''
          if (response.statusCode === 200) for (const line of lines) onLine(JSON.parse(line))
        })
        response.on('error', () => resolve('cut'))
        response.on('close', () => {
          if (response.statusCode !== 200) reject(new StatusAnswer(response.statusCode!, rest))
          resolve(response.complete ? 'ended' : 'cut')
        })
      })
      call.on('error', () => resolve('cut'))
      call.end()
    })
  }

  close(): void {
    this.#agent.destroy()
  }

  #options(method: string, path: string): RequestOptions {
    const { tls, prefix, token } = this.#server
    return {
      ...(tls as RequestOptions),
      port: this.#port(),
      agent: this.#agent,
      method,
      path: `${prefix}${path}`,
      headers: {
        accept: 'application/json',
        'content-type': 'application/json',
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      },
    }
  }
}

export class StatusAnswer extends Error {
  readonly status: number
  constructor(status: number, text: string) {
    super(`${status}: ${text.slice(0, 300)}`)
    this.status = status
  }
}
