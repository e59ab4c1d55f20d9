// What only shows on real sockets: TLS, refused bodies, cut downloads, stopping.
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import http from 'node:http'
import https from 'node:https'
import net from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, test } from 'node:test'
import { systemClock } from '#base/clock.ts'
import { lineLogger } from '#base/log.ts'
import { systemRandom } from '#base/random.ts'
import { createAuthority } from '#identity/authority.ts'
import { issueServerCertificate } from '#identity/leaf-certificate.ts'
import { hashToken } from '#identity/secret-token.ts'
import { Access } from '#registry/access/access.ts'
import { digestOf } from '#registry/digest.ts'
import { listenRegistry } from '#registry/listen-registry.ts'
import { createRegistry } from '#registry/registry.ts'
import { adminToken, basic } from './start-registry.ts'

const timeout = 30_000
const MIB = 1024 * 1024
const dataDir = await mkdtemp(path.join(tmpdir(), 'ccs-registry-'))
const lines: string[] = []
const registry = await createRegistry({
  dataDir,
  access: new Access({
    clock: systemClock,
    platform: [{ name: 'admin', tokenHash: hashToken(adminToken), role: 'admin' }],
  }),
  tokenKey: randomBytes(32),
  clock: systemClock,
  random: systemRandom,
  log: lineLogger({
    write: (line) => lines.push(line),
    now: () => systemClock.now(),
    level: 'debug',
  }),
})
const listener = await listenRegistry({ registry, host: '127.0.0.1', port: 0 })
const base = `http://127.0.0.1:${listener.port}`
const headers = { authorization: basic('admin') }
const content = randomBytes(5 * MIB + 17)
const digest = digestOf(content)
const blob = `${base}/v2/p/r/blobs/${digest}`

after(async () => {
  await listener.close()
  await registry.close()
  await rm(dataDir, { recursive: true, force: true })
})

test('a blob goes in and out, whole and in parts', { timeout }, async () => {
  const url = `${base}/v2/p/r/blobs/uploads/?digest=${digest}`
  const pushed = await fetch(url, { method: 'POST', headers, body: content })
  assert.equal(pushed.status, 201)
  assert.equal(pushed.headers.get('docker-distribution-api-version'), 'registry/2.0')
  const whole = Buffer.from(await (await fetch(blob, { headers })).arrayBuffer())
  assert.ok(whole.equals(content))
  const range = `bytes=${MIB - 3}-${3 * MIB + 5}`
  const part = await fetch(blob, { headers: { ...headers, range } })
  assert.equal(part.status, 206)
  const expected = content.subarray(MIB - 3, 3 * MIB + 6)
  assert.ok(Buffer.from(await part.arrayBuffer()).equals(expected))
  const head = await fetch(blob, { method: 'HEAD', headers })
  assert.equal(head.headers.get('content-length'), String(content.length))
})

test('a reader that leaves early harms nobody', { timeout }, async () => {
  for (let i = 0; i < 5; i++) {
    const abort = new AbortController()
    const response = await fetch(blob, { headers, signal: abort.signal })
    abort.abort()
    await assert.rejects(response.arrayBuffer(), { name: 'AbortError' })
  }
  assert.equal((await fetch(blob, { headers })).status, 200)
})

test('a refused manifest gets its answer although its body was not read to the end', async () => {
  const body = Buffer.alloc(16 * MIB, ' ')
  const url = `${base}/v2/p/r/manifests/large`
  const refused = await fetch(url, { method: 'PUT', headers, body })
  assert.equal(refused.status, 413)
  assert.match(await refused.text(), /SIZE_INVALID/)
})

test('a client that waits for "100 Continue" hears of a refusal before it sends', async () => {
  const request = http.request(`${base}/v2/p/r/blobs/uploads/`, {
    method: 'POST',
    headers: { expect: '100-continue', 'content-length': MIB },
  })
  request.flushHeaders()
  let continued = false
  request.on('continue', () => (continued = true))
  const [response] = (await once(request, 'response')) as [http.IncomingMessage]
  assert.equal(response.statusCode, 401)
  assert.equal(response.headers.connection, 'close')
  assert.equal(continued, false)
  request.destroy()
})

test('a client that waits for "100 Continue" is asked for its body', { timeout }, async () => {
  const body = randomBytes(1000)
  const request = http.request(`${base}/v2/p/r/blobs/uploads/?digest=${digestOf(body)}`, {
    method: 'POST',
    headers: { ...headers, expect: '100-continue', 'content-length': body.length },
  })
  request.flushHeaders()
  await once(request, 'continue')
  request.end(body)
  const [response] = (await once(request, 'response')) as [http.IncomingMessage]
  response.resume()
  assert.equal(response.statusCode, 201)
})

test('paths that climb are refused as they came', { timeout }, async () => {
  for (const target of [
    '/v2/../../etc/passwd',
    '/v2/p/../../../etc/blobs/sha256:x',
    '/v2/p/r/blobs/..%2f..%2f..%2fmeta.db',
    '/v2/p/r/manifests/..%2f..',
    '//v2/p/r/tags/list',
    '/v2/p/%2e%2e/tags/list',
  ]) {
    const socket = net.connect(listener.port, '127.0.0.1')
    socket.write(
      `GET ${target} HTTP/1.1\r\nHost: x\r\nAuthorization: ${headers.authorization}\r\n` +
        'Connection: close\r\n\r\n',
    )
    let text = ''
    for await (const chunk of socket) text += String(chunk)
    assert.match(text, /^HTTP\/1\.1 40[04] /, target)
  }
})

test('a listener with TLS can be opened and closed beside the others', { timeout }, async () => {
  const clock = systemClock
  const authority = await createAuthority({ commonName: 'test', clock })
  const names = ['registry.ccs.internal']
  const leaf = await issueServerCertificate({ authority, names, addresses: ['127.0.0.1'], clock })
  const tls = { key: leaf.keyPem, cert: leaf.certificatePem }
  const secure = await listenRegistry({ registry, host: '127.0.0.1', port: 0, tls })
  const url = `https://127.0.0.1:${secure.port}/v2/p/r/blobs/${digest}`
  const agent = new https.Agent({ ca: authority.certificatePem, keepAlive: false })
  const outgoing = https.get(url, { agent, headers })
  const [response] = (await once(outgoing, 'response')) as [http.IncomingMessage]
  const chunks: Buffer[] = []
  for await (const chunk of response) chunks.push(chunk as Buffer)
  assert.ok(Buffer.concat(chunks).equals(content))
  await secure.close()
  await assert.rejects(fetch(`http://127.0.0.1:${secure.port}/healthz`))
  assert.equal((await fetch(`${base}/healthz`)).status, 200)
})

test('the log holds neither tokens nor queries', () => {
  assert.ok(lines.length > 10)
  for (const line of lines) {
    assert.ok(!line.includes(adminToken) && !line.includes(headers.authorization), line)
    assert.ok(!line.includes('digest='), line)
    assert.ok(!line.includes('"level":"error"'), line)
  }
})
