// What becomes of the requests of clients that keep their connections when backends leave, break or
// fall silent. Real sockets on loopback.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import {
  Agent,
  createServer,
  type IncomingMessage,
  request,
  type RequestListener,
  type Server,
} from 'node:http'
import { type AddressInfo, connect, createServer as createTcpServer, type Socket } from 'node:net'
import { text } from 'node:stream/consumers'
import { afterEach, test } from 'node:test'
import { systemClock } from '#base/clock.ts'
import { silentLogger } from '#base/log.ts'
import type { ForwardBackend } from '#network/forward/backend-pool.ts'
import { createForwarderSet } from '#network/forward/forwarder.ts'

const cleanups: (() => void)[] = []
afterEach(() => {
  for (const clean of cleanups.splice(0)) clean()
})

interface Backend {
  address: string
  port: number
  server: Server
  sockets: Set<Socket>
}

let hosts = 30
/** A web server on an address of its own. */
async function backend(listener: RequestListener): Promise<Backend> {
  const server = createServer({ keepAliveTimeout: 60_000 }, listener)
  const sockets = new Set<Socket>()
  server.on('connection', (socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
  })
  const address = `127.0.0.${hosts++}`
  server.listen(0, address)
  await once(server, 'listening')
  cleanups.push(() => (server.closeAllConnections(), server.close()))
  return { address, port: (server.address() as AddressInfo).port, server, sockets }
}

const named = (name: string) => backend((_, response) => response.end(name))
const taking = ({ address, port }: Backend, takesNew = true): ForwardBackend => ({
  address,
  port,
  takesNew,
})

async function forwardTo(...backends: ForwardBackend[]) {
  const probe = createTcpServer().listen(0, '127.0.0.1')
  await once(probe, 'listening')
  const hostPort = (probe.address() as AddressInfo).port
  probe.close()
  await once(probe, 'close')
  const set = createForwarderSet({ clock: systemClock, log: silentLogger })
  cleanups.push(() => set.close())
  const balancer = { hostPort, address: '127.0.0.1', port: 9 }
  const update = (...now: ForwardBackend[]) => set.set([{ ...balancer, backends: now }])
  update(...backends)
  await systemClock.sleep(20)
  return { hostPort, update }
}

/** A client that keeps its one connection. */
function client(port: number) {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  cleanups.push(() => agent.destroy())
  const sockets = new Set<Socket>()
  const ask = async (path = '/', method = 'GET', body = '') => {
    const sent = request({ agent, host: '127.0.0.1', port, path, method })
    sent.on('socket', (socket) => sockets.add(socket))
    // After the head of the answer, who reads its body sees the error.
    sent.on('error', () => undefined)
    sent.end(body)
    const [answer] = (await once(sent, 'response')) as [IncomingMessage]
    return text(answer)
  }
  return { ask, sockets }
}

test('a connection moves on between two requests when its backend leaves', async () => {
  const [one, two] = [await named('one'), await named('two')]
  const { hostPort, update } = await forwardTo(taking(one))
  const { ask, sockets } = client(hostPort)
  assert.equal(await ask(), 'one')
  update(taking(one, false), taking(two))
  assert.equal(await ask(), 'two')
  assert.equal(sockets.size, 1, 'the client has noticed')
  await systemClock.sleep(50)
  assert.equal(one.sockets.size, 0, 'the connection to the old backend stays')
})

test('a request under way is answered by the backend that leaves', async () => {
  let answer: (() => void) | undefined
  const slow = await backend((_, response) => {
    response.write('half ')
    answer = () => response.end('whole')
  })
  const two = await named('two')
  const { hostPort, update } = await forwardTo(taking(slow))
  const { ask, sockets } = client(hostPort)
  const asked = ask()
  while (answer === undefined) await systemClock.sleep(5)
  update(taking(slow, false), taking(two))
  answer()
  assert.equal(await asked, 'half whole')
  assert.equal(await ask(), 'two')
  assert.equal(sockets.size, 1)
})

test('a backend that breaks before it answers has its request answered by another one', async () => {
  let broken = 0
  const bad = await backend((asked) => {
    broken++
    asked.socket.resetAndDestroy()
  })
  const good = await named('good')
  const { hostPort } = await forwardTo(taking(bad), taking(good))
  const { ask } = client(hostPort)
  assert.equal(await ask(), 'good')
  assert.equal(broken, 1)
  assert.equal(await client(hostPort).ask('/', 'PUT', 'body'), 'good')
})

test('a request that must not be sent twice is not', async () => {
  let asked = 0
  const bad = await backend((message) => {
    asked++
    message.socket.resetAndDestroy()
  })
  const { hostPort } = await forwardTo(taking(bad), taking(await named('good')))
  await assert.rejects(client(hostPort).ask('/', 'POST', 'pay'), { code: 'ECONNRESET' })
  assert.equal(asked, 1)
})

test('an answer that breaks off is broken off for the client too', async () => {
  const bad = await backend((message, response) => {
    response.writeHead(200, { 'content-length': '100' })
    response.write('half', () => message.socket.resetAndDestroy())
  })
  const { hostPort } = await forwardTo(taking(bad), taking(await named('good')))
  await assert.rejects(client(hostPort).ask())
})

test('a server that ends an idle connection is no end for the client', async () => {
  const server = await named('one')
  const { hostPort } = await forwardTo(taking(server))
  const { ask, sockets } = client(hostPort)
  assert.equal(await ask(), 'one')
  server.server.closeIdleConnections()
  await systemClock.sleep(20)
  assert.equal(await ask(), 'one')
  assert.equal(sockets.size, 1)
})

test('a backend that refuses is left out', async () => {
  const gone = await named('gone')
  gone.server.close()
  const { hostPort } = await forwardTo(taking(gone), taking(await named('good')))
  for (let i = 0; i < 5; i++) assert.equal(await client(hostPort).ask(), 'good')
})

test('clients keep asking while backends come and go, and lose nothing', async () => {
  const { hostPort, update } = await forwardTo()
  let now = await named('first')
  update(taking(now))
  let isOver = false
  const load = Array.from({ length: 20 }, async () => {
    const { ask } = client(hostPort)
    let answers = 0
    while (!isOver) {
      await ask()
      answers++
    }
    return answers
  })
  for (let round = 0; round < 15; round++) {
    const next = await named(`round ${round}`)
    update(taking(now, false), taking(next))
    await systemClock.sleep(10)
    // As a server that is told to end: no more connections, those at rest are closed, also when a
    // request is on its way there.
    const { server, sockets } = now
    server.close()
    while (sockets.size > 0) await systemClock.sleep(5)
    now = next
  }
  isOver = true
  const answers = await Promise.all(load)
  assert.ok(answers.every((count) => count > 0))
})

test('bytes that are not HTTP stay with their backend until it ends', async () => {
  const echo = createTcpServer((socket) => socket.pipe(socket))
  echo.listen(0, '127.0.0.1')
  await once(echo, 'listening')
  cleanups.push(() => echo.close())
  const place = { address: '127.0.0.1', port: (echo.address() as AddressInfo).port }
  const { hostPort, update } = await forwardTo({ ...place, takesNew: true })
  const socket = connect(hostPort, '127.0.0.1')
  const say = async (word: string) => {
    socket.write(word)
    return String((await once(socket, 'data'))[0])
  }
  assert.equal(await say('one'), 'one')
  update({ ...place, takesNew: false }, taking(await named('web')))
  assert.equal(await say('two'), 'two')
  socket.end()
  await once(socket, 'close')
})
