// What probes find on real sockets, in Kubernetes' words.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import http from 'node:http'
import https from 'node:https'
import net, { type AddressInfo } from 'node:net'
import { after, describe, test } from 'node:test'
import {
  Server as GrpcServer,
  ServerCredentials,
  status as grpcStatus,
  type sendUnaryData,
} from '@grpc/grpc-js'
import { type ServiceDefinition, loadSync } from '@grpc/proto-loader'
import { systemClock } from '#base/clock.ts'
import { createAuthority } from '#identity/authority.ts'
import { issueServerCertificate } from '#identity/leaf-certificate.ts'
import type { Probe } from '#kinds/k8s/core.ts'
import { networkProber } from '#node/probes/prober.ts'
import { fakeRuntime } from '#node/runtime/fake-runtime.ts'

const HOST = '127.0.0.1'
const stops: (() => void)[] = []
after(() => {
  for (const stop of stops) stop()
})

async function listen(server: net.Server): Promise<number> {
  server.listen(0, HOST)
  await once(server, 'listening')
  stops.push(() => server.close())
  return (server.address() as AddressInfo).port
}

/** A port on which nothing listens. */
async function freePort(): Promise<number> {
  const server = net.createServer().listen(0, HOST)
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}

const prober = networkProber(fakeRuntime(systemClock), () => Date.now())
const ask = (probe: Probe, ports: { name: string; containerPort: number }[] = []) => {
  const container = { name: 'main', ports }
  return prober({ probe, container, containerId: 'c1', address: HOST })
}

describe('an HTTP probe', () => {
  const seen: http.IncomingMessage[] = []
  const answers: http.RequestListener = (request, response) => {
    seen.push(request)
    const url = new URL(request.url ?? '/', 'http://test')
    const code = url.pathname.slice(1)
    const location = url.searchParams.get('to')
    if (code === 'hang') return
    if (code === 'loop') return void response.writeHead(302, { location: request.url }).end()
    if (code === 'cut') return void request.socket.destroy()
    response.writeHead(Number(code), location === null ? {} : { location })
    response.end(`answer ${code}`)
  }
  const port = listen(http.createServer(answers))
  const get = async (path: string, more: object = {}) =>
    ask({ httpGet: { path, port: await port, ...more } })

  test('passes on 2xx and fails on 4xx and 5xx', async () => {
    assert.deepEqual(await get('/200'), { ok: true, output: 'answer 200' })
    for (const code of [400, 404, 500])
      assert.deepEqual(await get(`/${code}`), {
        ok: false,
        output: `HTTP probe failed with statuscode: ${code}`,
      })
  })

  test('follows redirects on the same host, and takes others for an answer with a remark', async () => {
    assert.deepEqual(await get('/302?to=/200'), { ok: true, output: 'answer 200' })
    assert.equal((await get('/301?to=/404')).ok, false)
    assert.deepEqual(await get('/302?to=http://elsewhere.example/'), {
      ok: true,
      warning: true,
      output: 'Probe terminated redirects, Response body: answer 302',
    })
    assert.equal((await get('/304')).warning, true)
    assert.match((await get('/loop?to=/loop')).output, /stopped after 10 redirects$/)
  })

  test('asks by port name, with the headers given', async () => {
    seen.length = 0
    const httpHeaders = [
      { name: 'Host', value: 'shop.example' },
      { name: 'X-Key', value: 'a' },
      { name: 'X-Key', value: 'b' },
      { name: 'Accept', value: '' },
    ]
    const named = [{ name: 'web', containerPort: await port }]
    const { ok } = await ask({ httpGet: { path: '/200?x=1', port: 'web', httpHeaders } }, named)
    assert.ok(ok)
    const [{ headers, url }] = seen as [http.IncomingMessage]
    assert.equal(url, '/200?x=1')
    assert.equal(headers.host, 'shop.example')
    assert.equal(headers['x-key'], 'a, b')
    assert.equal(headers.accept, undefined)
    assert.equal(headers['user-agent'], 'kube-probe/1.36')
  })

  test('cannot be made on a port that has no such name', async () => {
    const asked = ask({ httpGet: { path: '/', port: 'nope' } })
    await assert.rejects(asked, /port "nope" is not among the named ports of container main/)
  })

  test('says why no answer came', async () => {
    const closed = await freePort()
    const url = `Get "http://${HOST}:${closed}/"`
    assert.deepEqual(await ask({ httpGet: { path: '/', port: closed } }), {
      ok: false,
      output: `${url}: dial tcp ${HOST}:${closed}: connect: connection refused`,
    })
    assert.match((await get('/cut')).output, /\/cut": EOF$/)
    const late = await ask({ httpGet: { path: '/hang', port: await port }, timeoutSeconds: 0.2 })
    assert.match(late.output, /context deadline exceeded \(Client\.Timeout exceeded/)
  })

  test('asks over TLS whoever answers', async () => {
    const authority = await createAuthority({ commonName: 'test', clock: systemClock })
    const { certificatePem, keyPem } = await issueServerCertificate({
      authority,
      names: ['unrelated.example'],
      addresses: [],
      clock: systemClock,
    })
    const secure = https.createServer({ cert: certificatePem, key: keyPem }, answers)
    const tlsPort = await listen(secure)
    const httpGet = { path: '/200', scheme: 'HTTPS', host: HOST } as const
    assert.equal((await ask({ httpGet: { ...httpGet, port: tlsPort } })).ok, true)
    const plain = await ask({ httpGet: { ...httpGet, port: await port } })
    assert.match(plain.output, /http: server gave HTTP response to HTTPS client$/)
  })
})

describe('a TCP probe', () => {
  test('passes when the port takes a connection', async () => {
    const port = await listen(net.createServer((socket) => socket.end()))
    assert.deepEqual(await ask({ tcpSocket: { port } }), { ok: true, output: '' })
    const closed = await freePort()
    assert.deepEqual(await ask({ tcpSocket: { port: closed } }), {
      ok: false,
      output: `dial tcp ${HOST}:${closed}: connect: connection refused`,
    })
  })
})

describe('a gRPC probe', () => {
  interface Check {
    request: { service: string }
  }
  type Reply = sendUnaryData<{ status: string }>
  const services: Record<string, string> = { '': 'SERVING', busy: 'NOT_SERVING' }

  async function serve(withHealth: boolean): Promise<number> {
    const file = new URL('../../../src/node/probes/health.proto', import.meta.url)
    const health = loadSync(file.pathname, { enums: String })['grpc.health.v1.Health']
    const server = new GrpcServer()
    const check = ({ request }: Check, reply: Reply) => {
      if (request.service === 'slow') return
      const status = services[request.service]
      if (status === undefined) reply({ code: grpcStatus.NOT_FOUND, details: 'unknown service' })
      else reply(null, { status })
    }
    if (withHealth) server.addService(health as ServiceDefinition, { check })
    stops.push(() => server.forceShutdown())
    return new Promise((resolve, reject) =>
      server.bindAsync(`${HOST}:0`, ServerCredentials.createInsecure(), (error, port) =>
        error === null ? resolve(port) : reject(error),
      ),
    )
  }

  const port = serve(true)
  const check = async (service?: string, timeoutSeconds = 5) =>
    ask({
      grpc: { port: await port, ...(service === undefined ? {} : { service }) },
      timeoutSeconds,
    })

  test('passes when the service serves', async () => {
    assert.deepEqual(await check(), { ok: true, output: '' })
    assert.deepEqual(await check('busy'), {
      ok: false,
      output: 'service unhealthy (responded with "NOT_SERVING")',
    })
  })

  test('says why there was no verdict', async () => {
    assert.match((await check('nope')).output, /^error: health rpc failed: .*unknown service/)
    assert.match((await check('slow', 0.3)).output, /^timeout: health rpc did not complete within/)
    const without = await ask({ grpc: { port: await serve(false) }, timeoutSeconds: 5 })
    assert.match(without.output, /^error: this server does not implement the grpc health protocol/)
    const closed = await freePort()
    assert.deepEqual(await ask({ grpc: { port: closed }, timeoutSeconds: 0.3 }), {
      ok: false,
      output: `timeout: failed to connect service "${HOST}:${closed}" within 0.3s: context deadline exceeded`,
    })
  })
})

describe('a command probe', () => {
  test('passes on 0, fails with what the command wrote, and on its time-out', async () => {
    const runtime = fakeRuntime(systemClock)
    const sandboxConfig = { metadata: { name: 'p', attempt: 0 } } as never
    const sandboxId = await runtime.runSandbox(sandboxConfig)
    const config = { metadata: { name: 'main', attempt: 0 }, image: {} } as never
    const containerId = await runtime.createContainer({ sandboxId, config, sandboxConfig })
    const run = (command: string[]) =>
      networkProber(runtime, () => Date.now())({
        probe: { exec: { command } },
        container: { name: 'main' },
        containerId,
        address: HOST,
      })
    runtime.execute = (_, [exitCode]) => ({
      stdout: 'out ',
      stderr: 'err',
      exitCode: Number(exitCode),
    })
    assert.deepEqual(await run(['0']), { ok: true, output: 'out err' })
    assert.deepEqual(await run(['2']), { ok: false, output: 'out err' })
  })
})
