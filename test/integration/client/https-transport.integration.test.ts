import assert from 'node:assert/strict'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer } from 'node:https'
import type { AddressInfo, Socket } from 'node:net'
import { test } from 'node:test'
import { systemClock } from '#base/clock.ts'
import { isReason } from '#base/errors.ts'
import { createClient } from '#client/create-client.ts'
import { type HttpsTransportOptions, httpsTransport } from '#client/https-transport.ts'
import { createAuthority } from '#identity/authority.ts'
import { issueServerCertificate } from '#identity/leaf-certificate.ts'
import { pods } from '#kinds/refs.ts'

type Answer = (request: IncomingMessage, response: ServerResponse) => void

/** A client of an HTTPS server on loopback that answers with `answer`. */
async function withServer(
  answer: Answer,
  run: (
    client: ReturnType<typeof createClient>,
    server: { connections: number; requests: string[]; closed: Promise<void> },
  ) => Promise<void>,
  options: Partial<HttpsTransportOptions> = {},
): Promise<void> {
  const clock = systemClock
  const authority = await createAuthority({ commonName: 'test', clock })
  const leaf = await issueServerCertificate({
    authority,
    names: ['localhost'],
    addresses: ['127.0.0.1'],
    clock,
  })
  const requests: string[] = []
  const sockets = new Set<Socket>()
  const closed = Promise.withResolvers<void>()
  const server = createServer(
    { cert: leaf.certificatePem, key: leaf.keyPem },
    (request, response) => {
      requests.push(`${request.method} ${request.url}`)
      response.on('close', () => closed.resolve())
      answer(request, response)
    },
  )
  server.on('secureConnection', (socket) => sockets.add(socket))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const transport = httpsTransport({
    server: `https://127.0.0.1:${port}/clusters/c`,
    ca: authority.certificatePem,
    token: 'secret',
    ...options,
  })
  try {
    const state = {
      get connections() {
        return sockets.size
      },
      requests,
      closed: closed.promise,
    }
    await run(createClient(transport.call), state)
  } finally {
    transport.close()
    for (const socket of sockets) socket.destroy()
    await new Promise((resolve) => server.close(resolve))
  }
}

const json = (response: ServerResponse, status: number, body: unknown) =>
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))

const place = { namespace: 'a', name: 'p' }

test('httpsTransport asks below the path of the server, with its token, over one connection', () =>
  withServer(
    (request, response) => json(response, 200, { token: request.headers.authorization }),
    async (client, server) => {
      const answer = (await client.resource(pods).get(place)) as unknown
      await client.resource(pods).list({ limit: 3 })
      assert.deepEqual(answer, { token: 'Bearer secret' })
      assert.deepEqual(server.requests, [
        'GET /clusters/c/api/v1/namespaces/a/pods/p',
        'GET /clusters/c/api/v1/pods?limit=3',
      ])
      assert.equal(server.connections, 1)
    },
  ))

test('httpsTransport turns a Status into a StatusError, and a bare error page too', () =>
  withServer(
    (request, response) => {
      if (request.method === 'DELETE') response.writeHead(503).end('upstream is away')
      else
        json(response, 404, { kind: 'Status', reason: 'NotFound', message: 'pods "p" not found' })
    },
    async (client) => {
      await assert.rejects(client.resource(pods).get(place), (error: unknown) =>
        isReason(error, 'NotFound'),
      )
      await assert.rejects(client.resource(pods).delete(place), /upstream is away/)
    },
  ))

test('httpsTransport gives the events of a watch as they come and closes it when left', () =>
  withServer(
    (_request, response) => {
      response.writeHead(200, { 'content-type': 'application/json' })
      response.write('{"type":"ADDED","object":{"metadata":{"name":"p"}}}\n{"type":"MODI')
    },
    async (client, server) => {
      for await (const event of client.resource(pods).watch()) {
        assert.equal(event.type, 'ADDED')
        break
      }
      await server.closed
    },
  ))

test('httpsTransport ends a stream quietly when its signal aborts', () =>
  withServer(
    (_request, response) => {
      response.writeHead(200, { 'content-type': 'text/plain' })
      response.write('line\n')
    },
    async (client, server) => {
      const abort = new AbortController()
      const chunks = client.resource(pods).stream(place, 'log', {}, abort.signal)
      let text = ''
      for await (const chunk of chunks) {
        text += Buffer.from(chunk).toString()
        abort.abort()
      }
      assert.equal(text, 'line\n')
      await server.closed
    },
  ))

test('httpsTransport gives up on a server that does not answer', () =>
  withServer(
    () => undefined,
    (client) => assert.rejects(client.resource(pods).get(place), /failed$/),
    { timeoutMs: 200 },
  ))

test('httpsTransport refuses a server whose certificate another CA signed', () =>
  withServer(
    (_request, response) => json(response, 200, {}),
    async (client) => {
      await assert.rejects(client.resource(pods).get(place), (error: unknown) => {
        const { cause } = error as { cause?: { code?: string } }
        return /SELF_SIGNED|UNABLE_TO_VERIFY|UNABLE_TO_GET/.test(cause?.code ?? '')
      })
    },
    { ca: '' },
  ))
