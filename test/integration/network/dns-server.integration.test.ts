// Edge's DNS server asked by real resolvers over real sockets.
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { createSocket } from 'node:dgram'
import { Resolver } from 'node:dns/promises'
import { once } from 'node:events'
import { type AddressInfo, connect, createServer } from 'node:net'
import { after, test } from 'node:test'
import dnsPacket, { type DecodedPacket, type Packet } from 'dns-packet'
import { systemClock } from '#base/clock.ts'
import { silentLogger } from '#base/log.ts'
import { run } from '#linux/run.ts'
import { frame } from '#network/dns/framing.ts'
import { DnsServer } from '#network/dns/server.ts'
import { createUpstream } from '#network/dns/upstream.ts'
import type { EdgeState, NamedService } from '#network/edge-state.ts'

const service = (name: string, addresses: string[], externalName?: string): NamedService => ({
  namespace: 'default',
  name,
  addresses,
  hosts: {},
  ports: [{ name: 'http', protocol: 'TCP', port: 80 }],
  ...(externalName === undefined ? {} : { externalName }),
})

const many = Array.from({ length: 200 }, (_, i) => `10.64.64.${i + 1}`)

const state: EdgeState = {
  version: 1,
  clusters: [
    {
      name: 'local',
      gatewayAddress: '10.64.1.1',
      forwards: [],
      services: [
        service('web', ['10.64.128.7']),
        service('many', many),
        service('out', [], 'www.example.org'),
      ],
    },
  ],
}

/** A TCP port of 127.0.0.1 that is free for UDP too, as nearly all are. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

const closing: (() => void)[] = []
after(() => {
  for (const close of closing) close()
})

function dnsServer(
  port: number,
  forward = createUpstream({ servers: () => [], clock: systemClock }),
) {
  const server = new DnsServer({
    address: '127.0.0.1',
    port,
    asker: { cluster: 'local' },
    state: () => state,
    forward,
    clock: systemClock,
    log: silentLogger,
  })
  closing.push(() => server.close())
  return server
}

/** A resolver of the host on an address of its own: every name has one address. */
async function hostResolver(
  { address, port }: { address: string; port: number },
  answer: Packet,
): Promise<void> {
  const respond = (bytes: Buffer) => {
    const asked = dnsPacket.decode(bytes)
    const { name } = asked.questions![0]!
    const answers = answer.answers?.map((record) => ({ ...record, name }))
    const reply: Packet = {
      type: 'response',
      id: asked.id!,
      questions: asked.questions!,
      ...answer,
    }
    return dnsPacket.encode({ ...reply, answers: answers ?? [] })
  }
  const udp = createSocket('udp4')
  udp.on('message', (bytes, from) => udp.send(respond(bytes), from.port, from.address))
  udp.bind(port, address)
  const tcp = createServer((socket) =>
    socket.once('data', (chunk: Buffer) => socket.end(frame(respond(chunk.subarray(2))))),
  ).listen(port, address)
  await Promise.all([once(udp, 'listening'), once(tcp, 'listening')])
  closing.push(() => {
    udp.close()
    tcp.close()
  })
}

function resolverOf(port: number): Resolver {
  const resolver = new Resolver({ timeout: 2_000, tries: 1 })
  resolver.setServers([`127.0.0.1:${port}`])
  return resolver
}

const port = await freePort()
await dnsServer(port).listen()
const resolver = resolverOf(port)

test('DnsServer answers a real resolver', async () => {
  assert.deepEqual(await resolver.resolve4('web.default.svc.cluster.local'), ['10.64.128.7'])
  assert.deepEqual(await resolver.resolveSrv('_http._tcp.web.default.svc.cluster.local'), [
    { type: 'SRV', priority: 0, weight: 100, port: 80, name: 'web.default.svc.cluster.local' },
  ])
  assert.deepEqual(await resolver.reverse('10.64.128.7'), ['web.default.svc.cluster.local'])
  await assert.rejects(resolver.resolve4('none.default.svc.cluster.local'), { code: 'ENOTFOUND' })
  await assert.rejects(resolver.resolve6('web.default.svc.cluster.local'), { code: 'ENODATA' })
})

test('DnsServer gives over TCP what UDP cannot hold', async () => {
  const found = await resolver.resolve4('many.default.svc.cluster.local')
  assert.deepEqual(new Set(found), new Set(many))
})

test('DnsServer marks an answer over UDP that lacks records', async () => {
  const socket = createSocket('udp4')
  const name = 'many.default.svc.cluster.local'
  socket.send(dnsPacket.encode({ type: 'query', id: 9, questions: [{ type: 'A', name }] }), port)
  const [bytes] = (await once(socket, 'message')) as [Buffer]
  socket.close()
  assert.ok(bytes.length <= 512)
  assert.deepEqual([dnsPacket.decode(bytes).flag_tc, dnsPacket.decode(bytes).id], [true, 9])
})

test('DnsServer answers several questions on one TCP connection, cut anywhere', async () => {
  const socket = connect(port, '127.0.0.1')
  await once(socket, 'connect')
  socket.setNoDelay(true)
  const name = 'web.default.svc.cluster.local'
  const queries = [1, 2, 3].map((id) =>
    frame(dnsPacket.encode({ type: 'query', id, questions: [{ type: 'A', name }] })),
  )
  const stream = Buffer.concat(queries)
  socket.write(stream.subarray(0, 50))
  await systemClock.sleep(20)
  socket.write(stream.subarray(50))
  const ids: number[] = []
  let received = Buffer.alloc(0)
  for await (const chunk of socket as AsyncIterable<Buffer>) {
    received = Buffer.concat([received, chunk])
    while (received.length > 2 && received.length >= 2 + received.readUInt16BE(0)) {
      const end = 2 + received.readUInt16BE(0)
      ids.push((dnsPacket.decode(received.subarray(2, end)) as DecodedPacket).id!)
      received = received.subarray(end)
    }
    if (ids.length === 3) break
  }
  assert.deepEqual(ids, [1, 2, 3])
})

test('DnsServer survives noise on both transports', async () => {
  const socket = createSocket('udp4')
  const noise = [Buffer.alloc(0), Buffer.from('noise'), Buffer.alloc(12, 255), Buffer.alloc(600)]
  for (const bytes of noise) socket.send(bytes, port, '127.0.0.1')
  const rough = connect(port, '127.0.0.1')
  await once(rough, 'connect')
  rough.write(Buffer.concat(noise.map(frame)))
  rough.resetAndDestroy()
  assert.deepEqual(await resolver.resolve4('web.default.svc.cluster.local'), ['10.64.128.7'])
  socket.close()
})

test('busybox nslookup, as pods have it, finds a service', async () => {
  // It asks port 53 alone: an address of our own keeps us apart from another run.
  const own = `127.77.${randomBytes(2).join('.')}`
  const server = new DnsServer({
    address: own,
    port: 53,
    asker: { cluster: 'local' },
    state: () => state,
    forward: undefined,
    clock: systemClock,
    log: silentLogger,
  })
  closing.push(() => server.close())
  await server.listen()
  const name = 'web.default.svc.cluster.local'
  const output = await run(['/bin/busybox', 'nslookup', name, own])
  assert.match(output, /Address[^\n]*: 10\.64\.128\.7/)
})

test('createUpstream passes over servers that are dead or do not help', async () => {
  const upstreamPort = await freePort()
  await hostResolver({ address: '127.0.0.12', port: upstreamPort }, { flags: 5 })
  const answers = [{ type: 'A' as const, name: '', ttl: 9, data: '192.0.2.9' }]
  await hostResolver({ address: '127.0.0.13', port: upstreamPort }, { answers })
  const own = await freePort()
  const forward = createUpstream({
    servers: () => ['127.0.0.11', '127.0.0.12', '127.0.0.13'],
    clock: systemClock,
    port: upstreamPort,
  })
  await dnsServer(own, forward).listen()
  const begun = performance.now()
  assert.deepEqual(await resolverOf(own).resolve4('example.org'), ['192.0.2.9'])
  assert.ok(performance.now() - begun < 1_000, 'a dead port says so at once')
  assert.deepEqual(await resolverOf(own).resolve4('out.default.svc.cluster.local'), ['192.0.2.9'])
  const query = dnsPacket.encode({ type: 'query', id: 3, questions: [{ type: 'A', name: 'a.b' }] })
  assert.equal(dnsPacket.decode((await forward(query, 'tcp'))!).id, 3)
})

test('createUpstream gives up a server that hangs up, over TCP', async () => {
  const server = createServer((socket) => socket.end()).listen(0, '127.0.0.1')
  closing.push(() => server.close())
  await once(server, 'listening')
  const { port: rude } = server.address() as AddressInfo
  const forward = createUpstream({ servers: () => ['127.0.0.1'], clock: systemClock, port: rude })
  assert.equal(await forward(Buffer.alloc(12), 'tcp'), undefined)
})

test('DnsServer.listen leaves nothing behind when it fails, and works afterwards', async () => {
  const taken = await freePort()
  const other = createServer().listen(taken, '127.0.0.1')
  await once(other, 'listening')
  const server = dnsServer(taken)
  await assert.rejects(server.listen(), { code: 'EADDRINUSE' })
  await assert.rejects(server.listen(), { code: 'EADDRINUSE' })
  other.close()
  await once(other, 'close')
  await server.listen()
  assert.deepEqual(await resolverOf(taken).resolve4('web.default.svc.cluster.local'), [
    '10.64.128.7',
  ])
})

test('DnsServer.close ends it while questions wait for the host', async () => {
  const own = await freePort()
  let answer: ((reply: Buffer) => void) | undefined
  const server = dnsServer(own, () => new Promise((resolve) => (answer = resolve)))
  await server.listen()
  const asked = resolverOf(own).resolve4('example.org')
  const failed = assert.rejects(asked)
  while (answer === undefined) await systemClock.sleep(5)
  server.close()
  server.close()
  answer(Buffer.alloc(12))
  await failed
})
