// Connections through the forwarder, with real sockets on loopback.
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'
import { afterEach, test } from 'node:test'
import { systemClock } from '#base/clock.ts'
import { fakeClock } from '#base/fake-clock.ts'
import { silentLogger } from '#base/log.ts'
import { createForwarderSet, type ForwarderSet } from '#network/forward/forwarder.ts'

const BACKEND = '127.0.0.21'
const cleanups: (() => void)[] = []
afterEach(() => {
  for (const clean of cleanups.splice(0)) clean()
})

async function listening(server: Server, host: string, port = 0): Promise<number> {
  server.listen(port, host)
  await once(server, 'listening')
  cleanups.push(() => server.close())
  return (server.address() as AddressInfo).port
}

async function freePort(): Promise<number> {
  const server = createServer()
  const port = await listening(server, '127.0.0.1')
  server.close()
  await once(server, 'close')
  return port
}

const backend = (serve: (socket: Socket) => void) =>
  createServer({ allowHalfOpen: true }, (socket) => {
    socket.on('error', () => socket.destroy())
    serve(socket)
  })

function forwarder(clock = systemClock): ForwarderSet {
  const set = createForwarderSet({ clock, log: silentLogger })
  cleanups.push(() => set.close())
  return set
}

/** Sends everything, ends its half, and reads to the end; rejects when the connection breaks. */
function exchange(port: number, bytes: Buffer): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true })
    socket.on('error', reject)
    socket.on('data', (chunk: Buffer) => chunks.push(chunk))
    socket.on('end', () => resolve(Buffer.concat(chunks)))
    socket.end(bytes)
  })
}

/** Answers with what it got, once its client has ended. */
const echo = () =>
  backend((socket) => {
    const chunks: Buffer[] = []
    socket.on('data', (chunk: Buffer) => chunks.push(chunk))
    socket.on('end', () => socket.end(Buffer.concat(chunks)))
  })

const connectionsOf = (server: Server) =>
  new Promise<number>((resolve) => server.getConnections((_, count) => resolve(count)))

async function eventually(what: string, holds: () => Promise<boolean> | boolean): Promise<void> {
  for (let i = 0; i < 200; i++) {
    if (await holds()) return
    await systemClock.sleep(10)
  }
  assert.fail(`${what} did not happen`)
}

test('createForwarderSet passes 100 half-closed connections at once, whole, and keeps none', async () => {
  const server = echo()
  const port = await listening(server, BACKEND)
  const hostPort = await freePort()
  forwarder().set([{ hostPort, address: BACKEND, port }])
  await Promise.all(
    Array.from({ length: 100 }, async () => {
      const bytes = randomBytes(100_000)
      assert.ok((await exchange(hostPort, bytes)).equals(bytes))
    }),
  )
  await eventually('the end of all connections', async () => (await connectionsOf(server)) === 0)
})

test('createForwarderSet cuts nothing off for a client that reads slowly', async () => {
  const bytes = randomBytes(8_000_000)
  const server = backend((socket) => socket.on('end', () => socket.end(bytes)).resume())
  const port = await listening(server, BACKEND)
  const hostPort = await freePort()
  forwarder().set([{ hostPort, address: BACKEND, port }])
  const client = connect({ port: hostPort, host: '127.0.0.1', allowHalfOpen: true })
  client.end('all of it, please')
  // The server has long ended when its answer is read.
  await eventually('the end of the server', async () => client.readableLength > 0)
  await systemClock.sleep(300)
  let received = 0
  for await (const chunk of client as AsyncIterable<Buffer>) received += chunk.length
  assert.equal(received, bytes.length)
})

test('createForwarderSet breaks the connection to a client whose server broke', async () => {
  const server = backend((socket) => {
    socket.write('half an ans')
    setTimeout(() => socket.resetAndDestroy(), 50)
  })
  const port = await listening(server, BACKEND)
  const hostPort = await freePort()
  forwarder().set([{ hostPort, address: BACKEND, port }])
  await assert.rejects(exchange(hostPort, Buffer.from('?')), { code: 'ECONNRESET' })
})

test('createForwarderSet lets go of the server when a client breaks', async () => {
  const server = backend(() => undefined)
  const port = await listening(server, BACKEND)
  const hostPort = await freePort()
  forwarder().set([{ hostPort, address: BACKEND, port }])
  const client = connect(hostPort, '127.0.0.1')
  await eventually('a connection', async () => (await connectionsOf(server)) === 1)
  client.resetAndDestroy()
  await eventually('its end', async () => (await connectionsOf(server)) === 0)
})

test('createForwarderSet turns a client away when there is no server for it', async () => {
  const hostPort = await freePort()
  forwarder().set([{ hostPort, address: BACKEND, port: await freePort() }])
  const begun = performance.now()
  await assert.rejects(exchange(hostPort, Buffer.from('?')), { code: 'ECONNRESET' })
  assert.ok(performance.now() - begun < 1_500)
})

test('createForwarderSet dials again for a server that is back in a moment', async () => {
  const first = echo()
  const port = await listening(first, BACKEND)
  const hostPort = await freePort()
  forwarder().set([{ hostPort, address: BACKEND, port }])
  assert.equal((await exchange(hostPort, Buffer.from('one'))).toString(), 'one')
  first.close()
  await once(first, 'close')
  const asked = exchange(hostPort, Buffer.from('two'))
  await systemClock.sleep(40)
  await listening(echo(), BACKEND, port)
  assert.equal((await asked).toString(), 'two')
})

test('createForwarderSet takes a port as soon as another program lets go of it', async () => {
  const clock = fakeClock()
  const port = await listening(echo(), BACKEND)
  const other = createServer()
  const hostPort = await listening(other, '127.0.0.1')
  forwarder(clock).set([{ hostPort, address: BACKEND, port }])
  await systemClock.sleep(20)
  assert.equal(clock.pending, 1)
  other.close()
  await once(other, 'close')
  await clock.advance(1_000)
  assert.equal((await exchange(hostPort, Buffer.from('mine'))).toString(), 'mine')
})

test('ForwarderSet.set moves a port to another address and leaves open connections alone', async () => {
  const talk = (name: string) =>
    backend((socket) =>
      socket.on('data', (text: Buffer) => socket.write(`${name} ${text.toString()}`)),
    )
  const [one, two] = [await listening(talk('one'), BACKEND), await listening(talk('two'), BACKEND)]
  const hostPort = await freePort()
  const set = forwarder()
  set.set([{ hostPort, address: BACKEND, port: one }])
  const open = connect(hostPort, '127.0.0.1')
  const say = async (socket: Socket, text: string) => {
    socket.write(text)
    return String((await once(socket, 'data'))[0])
  }
  assert.equal(await say(open, 'a'), 'one a')
  set.set([{ hostPort, address: BACKEND, port: two }])
  const next = connect(hostPort, '127.0.0.1')
  assert.equal(await say(next, 'b'), 'two b')
  assert.equal(await say(open, 'c'), 'one c')
  set.set([])
  await assert.rejects(exchange(hostPort, Buffer.from('d')), { code: 'ECONNREFUSED' })
  assert.equal(await say(next, 'e'), 'two e')
  const closed = Promise.all([once(open, 'close'), once(next, 'close')])
  set.close()
  await closed
})
