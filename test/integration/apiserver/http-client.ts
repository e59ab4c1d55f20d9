// Plain requests to a test server over HTTPS, as its administrator.
import { Agent, request } from 'node:https'
import { json } from 'node:stream/consumers'
import { type TestServer, TEST_TOKEN } from './test-server.ts'

/** A body whose fields a test reaches into without ceremony. */
export interface Json {
  [key: string]: Json
}

export interface HttpAnswer {
  status: number
  /** Texts of the Warning headers. */
  warnings: string[]
  body: Json
}

export interface HttpClient {
  send(method: string, path: string, body?: unknown, contentType?: string): Promise<HttpAnswer>
  /** What a GET answers to an Accept header, with the type it says it has. */
  getAs(path: string, accept: string): Promise<{ status: number; type: string; body: Json }>
  /** The body of an answer that must be a success. */
  ok(method: string, path: string, body?: unknown): Promise<Json>
  /** The first events of a watch. */
  watch(path: string, count: number): Promise<Json[]>
  close(): void
}

const MERGE_PATCH = 'application/merge-patch+json'

export function httpClient({ port, caPem }: TestServer): HttpClient {
  const agent = new Agent({ ca: caPem, keepAlive: true })
  const urlOf = (path: string) => `https://127.0.0.1:${port}${path}`
  const authorization = `Bearer ${TEST_TOKEN}`
  const send: HttpClient['send'] = (method, path, body, contentType) =>
    new Promise((resolve, reject) => {
      const type = contentType ?? (method === 'PATCH' ? MERGE_PATCH : 'application/json')
      const payload = body === undefined ? undefined : JSON.stringify(body)
      const headers = {
        authorization,
        ...(payload === undefined
          ? {}
          : // Node sends none of its own with a DELETE.
            { 'content-type': type, 'content-length': String(Buffer.byteLength(payload)) }),
      }
      const sent = request(urlOf(path), { agent, method, headers }, (response) => {
        let text = ''
        response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk))
        response.on('end', () => {
          const warning = response.headers['warning'] as string | undefined
          const warnings = [...(warning ?? '').matchAll(/299 - "((?:[^"\\]|\\.)*)"/g)]
          resolve({
            status: response.statusCode ?? 0,
            warnings: warnings.map(([, said]) => said!),
            body: JSON.parse(text) as Json,
          })
        })
      })
      sent.on('error', reject)
      sent.end(payload)
    })
  return {
    send,
    getAs: (path, accept) =>
      new Promise((resolve, reject) => {
        const headers = { authorization, accept }
        const sent = request(urlOf(path), { agent, headers }, (response) => {
          const type = response.headers['content-type'] ?? ''
          json(response).then(
            (body) => resolve({ status: response.statusCode ?? 0, type, body: body as Json }),
            reject,
          )
        })
        sent.on('error', reject)
        sent.end()
      }),
    async ok(method, path, body) {
      const answer = await send(method, path, body)
      if (answer.status >= 400)
        throw new Error(`${method} ${path}: ${JSON.stringify(answer.body['message'])}`)
      return answer.body
    },
    watch: (path, count) =>
      new Promise((resolve, reject) => {
        const events: Json[] = []
        let rest = ''
        const sent = request(urlOf(path), { agent, headers: { authorization } }, (response) => {
          response.setEncoding('utf8').on('data', (chunk: string) => {
            const lines = (rest + chunk).split('\n')
            rest = lines.pop()!
            events.push(...lines.map((line) => JSON.parse(line) as Json))
            if (events.length < count) return
            sent.destroy()
            resolve(events)
          })
          response.on('end', () => resolve(events))
        })
        sent.on('error', reject)
        sent.end()
      }),
    close: () => agent.destroy(),
  }
}
