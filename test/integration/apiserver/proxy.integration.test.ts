// The proxies of pods, services and nodes, over HTTPS to real servers behind them.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server } from 'node:http'
import { Agent, request as httpsRequest } from 'node:https'
import { type AddressInfo, connect } from 'node:net'
import { after, before, test } from 'node:test'
import type { Duplex } from 'node:stream'
import { text } from 'node:stream/consumers'
import { createClient } from '#client/create-client.ts'
import type { Endpoints, Node, Pod, Service } from '#kinds/k8s/core.ts'
import { endpoints, nodes, pods, serviceAccounts, services } from '#kinds/refs.ts'
import { startTestServer, TEST_TOKEN, type TestServer } from './test-server.ts'

const POD_IP = '10.64.64.5'
const PODS = '/api/v1/namespaces/default/pods'
const SERVICES = '/api/v1/namespaces/default/services'

let api: TestServer
let backend: Server
let agent: Agent
const seen: { method: string; url: string; headers: IncomingMessage['headers'] }[] = []

/** Says what it was asked; below /moved it redirects. */
async function listen(): Promise<Server> {
  const server = createServer((request, response) => {
    seen.push({ method: request.method!, url: request.url!, headers: request.headers })
    if (request.url === '/moved') return void response.writeHead(302, { location: '/there' }).end()
    void text(request).then((body) => {
      response.writeHead(request.url === '/teapot' ? 418 : 200, {
        'content-type': 'text/plain',
        'x-from': 'pod',
      })
      response.end(`${request.method} ${request.url} ${body}`)
    })
  })
  server.on('upgrade', (request, socket) => {
    socket.write(
      'HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: upgrade\r\n\r\n',
    )
    socket.write(`${request.url} `)
    socket.pipe(socket)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return server
}

before(async () => {
  backend = await listen()
  const { port } = backend.address() as AddressInfo
  api = await startTestServer(0, {
    dial: ({ host }) =>
      host === POD_IP
        ? Promise.resolve(connect(port, '127.0.0.1'))
        : Promise.reject(Object.assign(new Error('refused'), { code: 'ECONNREFUSED' })),
    dialNode: () => Promise.resolve(connect(port, '127.0.0.1')),
  })
  agent = new Agent({ ca: api.caPem, keepAlive: true })
  await fill()
})
after(async () => {
  agent.destroy()
  backend.close()
  backend.closeAllConnections()
  await api.close()
})

async function fill(): Promise<void> {
  const client = createClient(
    api.clusters.get('hub')!.call({ username: 'admin', groups: ['system:masters'] }),
  )
  const at = (name: string) => ({ name, namespace: 'default' })
  const pod = async (name: string, ip: string) => {
    const made = await client.resource(pods).create({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: at(name),
      spec: {
        nodeName: 'n',
        containers: [{ name: 'c', image: 'i', ports: [{ containerPort: 80 }] }],
      },
    } as Pod)
    await client.resource(pods).updateStatus({ ...made, status: { ...made.status, podIP: ip } })
  }
  await client.resource(serviceAccounts).create({
    apiVersion: 'v1',
    kind: 'ServiceAccount',
    metadata: at('default'),
  })
  await pod('web', POD_IP)
  await pod('gone', '10.64.64.9')
  await pod('own', '127.0.0.1')
  const service = (name: string): Service => ({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: at(name),
    spec: { ports: [{ name: 'http', port: 80 }] },
  })
  await client.resource(services).create(service('web'))
  await client.resource(services).create(service('empty'))
  await client.resource(endpoints).create({
    apiVersion: 'v1',
    kind: 'Endpoints',
    metadata: at('web'),
    subsets: [{ addresses: [{ ip: POD_IP }], ports: [{ name: 'http', port: 8080 }] }],
  } as Endpoints)
  await client
    .resource(nodes)
    .create({ apiVersion: 'v1', kind: 'Node', metadata: { name: 'n' } } as Node)
}

interface Answer {
  status: number
  headers: IncomingMessage['headers']
  body: string
}

function ask(method: string, path: string, body?: string, headers = {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const request = httpsRequest(
      `https://127.0.0.1:${api.port}${path}`,
      {
        agent,
        method,
        headers: {
          authorization: `Bearer ${TEST_TOKEN}`,
          ...(body === undefined ? {} : { 'transfer-encoding': 'chunked' }),
          ...headers,
        },
      },
      (response) => {
        text(response).then(
          (content) =>
            resolve({ status: response.statusCode!, headers: response.headers, body: content }),
          reject,
        )
      },
    )
    request.on('error', reject)
    request.end(body)
  })
}

test('every method reaches pods and services, with its body and its query', async () => {
  for (const base of [
    `${PODS}/web/proxy`,
    `${SERVICES}/web:http/proxy`,
    `${SERVICES}/web:80/proxy`,
  ])
    for (const method of ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']) {
      const body = method === 'GET' || method === 'OPTIONS' ? undefined : 'data'
      const answer = await ask(method, `${base}/some/path?a=b%2Fc`, body)
      assert.equal(answer.status, 200)
      assert.equal(answer.headers['x-from'], 'pod')
      assert.equal(answer.body, `${method} /some/path?a=b%2Fc ${body ?? ''}`)
    }
  assert.equal((await ask('HEAD', `${PODS}/web/proxy/x`)).status, 200)
})

test('the other server is not told who asks, but for whom it is asked', async () => {
  seen.length = 0
  await ask('GET', `${PODS}/web:8080/proxy/x`, undefined, { cookie: 'a=b', 'x-own': '1' })
  const { headers } = seen[0]!
  assert.equal(headers['authorization'], undefined)
  assert.equal(headers['host'], `${POD_IP}:8080`)
  assert.equal(headers['cookie'], 'a=b')
  assert.equal(headers['x-own'], '1')
  assert.equal(headers['x-forwarded-uri'], `${PODS}/web:8080/proxy/x`)
})

test('answers come back as they are, redirects below the proxy', async () => {
  assert.equal((await ask('GET', `${PODS}/web/proxy/teapot`)).status, 418)
  const moved = await ask('GET', `${PODS}/web/proxy/moved`)
  assert.equal(moved.status, 302)
  assert.equal(moved.headers.location, `${PODS}/web/proxy/there`)
  const slash = await ask('GET', `${PODS}/web/proxy?a=b`)
  assert.equal(slash.status, 301)
  assert.equal(slash.headers.location, `${PODS}/web/proxy/?a=b`)
})

test('a node is asked through its kubelet', async () => {
  const answer = await ask('GET', '/api/v1/nodes/n/proxy/healthz')
  assert.equal(answer.body, 'GET /healthz ')
})

test('what cannot be reached is told in the words of Kubernetes', async () => {
  const message = async (path: string) => {
    const { status, body } = await ask('GET', path)
    return [status, (JSON.parse(body) as { message: string }).message]
  }
  assert.deepEqual(await message(`${PODS}/gone/proxy/`), [
    503,
    'error trying to reach service: dial tcp 10.64.64.9:80: connect: connection refused',
  ])
  assert.deepEqual(await message(`${PODS}/own/proxy/`), [400, 'address not allowed'])
  assert.deepEqual(await message(`${PODS}/none/proxy/`), [404, 'pods "none" not found'])
  assert.deepEqual(await message(`${SERVICES}/empty/proxy/`), [
    503,
    'no endpoints available for service "empty"',
  ])
  assert.deepEqual(await message(`${SERVICES}/web:81/proxy/`), [
    503,
    'no service port 81 found for service "web"',
  ])
})

test('an upgrade is passed on, byte for byte', async () => {
  const request = httpsRequest(`https://127.0.0.1:${api.port}${PODS}/web/proxy/socket`, {
    agent: new Agent({ ca: api.caPem }),
    headers: {
      authorization: `Bearer ${TEST_TOKEN}`,
      connection: 'upgrade',
      upgrade: 'websocket',
      'sec-websocket-key': 'x',
      'sec-websocket-version': '13',
    },
  })
  request.end()
  const [response, socket, head] = (await once(request, 'upgrade')) as [
    IncomingMessage,
    Duplex,
    Buffer,
  ]
  assert.equal(response.statusCode, 101)
  let received = head.toString()
  socket.on('data', (bytes: Buffer) => (received += bytes.toString()))
  socket.write('hello')
  while (!received.includes('hello')) await once(socket, 'data')
  assert.equal(received, '/socket hello')
  socket.destroy()
})

test('anonymous requests are refused before anybody is connected to', async () => {
  seen.length = 0
  const answer = await ask('GET', `${PODS}/web/proxy/x`, undefined, { authorization: 'Bearer no' })
  assert.equal(answer.status, 401)
  assert.equal(seen.length, 0)
})
