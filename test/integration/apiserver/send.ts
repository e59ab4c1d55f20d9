// One request as the administrator of a test server, with a body that no client would write.
import { request } from 'node:https'
import { text } from 'node:stream/consumers'
import { TEST_TOKEN, type TestServer } from './test-server.ts'

export interface Sent {
  status: number
  reason: string
  message: string
  warnings: string
}

export interface ToSend {
  method: string
  path: string
  contentType: string
  body: string
  accept?: string
}

export function send(
  server: TestServer,
  { method, path, contentType, body, accept = 'application/json' }: ToSend,
): Promise<Sent> {
  return new Promise((resolve, reject) => {
    const call = request(
      {
        host: '127.0.0.1',
        port: server.port,
        ca: server.caPem,
        method,
        path,
        headers: {
          authorization: `Bearer ${TEST_TOKEN}`,
          'content-type': contentType,
          accept,
        },
      },
      (response) => {
        text(response).then((answer) => {
          const { reason = '', message = '' } = JSON.parse(answer) as Partial<Sent>
          const warnings = response.headers['warning'] ?? ''
          resolve({ status: response.statusCode ?? 0, reason, message, warnings })
        }, reject)
      },
    )
    call.once('error', reject)
    call.end(body)
  })
}
