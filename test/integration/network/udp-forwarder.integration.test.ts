// Datagrams through the forwarder, with real sockets on loopback.
import assert from 'node:assert/strict'
import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'
import { test, type TestContext } from 'node:test'
import { systemClock } from '#base/clock.ts'
import { fakeClock } from '#base/fake-clock.ts'
import { silentLogger } from '#base/log.ts'
import { forwardLimits } from '#network/forward/forward-limits.ts'
import { createForwarderSet } from '#network/forward/forwarder.ts'

const NEAR = '127.0.0.31'
const FAR = '127.0.0.32'

async function bound(t: TestContext, address: string, port = 0): Promise<Socket> {
  const socket = createSocket('udp4')
  socket.bind(port, address)
  await once(socket, 'listening')
  t.after(() => void socket.close())
  return socket
}

/** Answers each datagram with its own address in front. */
async function echo(t: TestContext, address: string, port = 0): Promise<number> {
  const socket = await bound(t, address, port)
  socket.on('message', (bytes, from) =>
    socket.send(`${address} ${bytes.toString()}`, from.port, from.address),
  )
  return socket.address().port
}

async function freePort(): Promise<number> {
  const socket = createSocket('udp4')
  socket.bind(0, '127.0.0.1')
  await once(socket, 'listening')
  const { port } = socket.address()
  socket.close()
  await once(socket, 'close')
  return port
}

/** Asks until someone answers: what is sent before the port is open is lost, as UDP is. */
async function ask(client: Socket, port: number, text: string): Promise<string> {
  const answered = once(client, 'message')
  client.send(text, port, '127.0.0.1')
  const again = setInterval(() => client.send(text, port, '127.0.0.1'), 200)
  const [bytes] = (await answered) as [Buffer]
  clearInterval(again)
  return bytes.toString()
}

function forwarder(t: TestContext, clock = systemClock) {
  const set = createForwarderSet({ clock, log: silentLogger })
  t.after(() => set.close())
  return set
}

test('datagrams of a client go to one backend, and to another when that leaves', async (t) => {
  const port = await echo(t, NEAR)
  await echo(t, FAR, port)
  const hostPort = await freePort()
  const set = forwarder(t)
  const forward = { hostPort, address: '127.0.0.33', port: 53, protocol: 'UDP' as const }
  const near = { address: NEAR, port, takesNew: true }
  const far = { address: FAR, port, takesNew: true }
  set.set([{ ...forward, backends: [near] }])
  const client = await bound(t, '127.0.0.1')
  assert.equal(await ask(client, hostPort, 'a'), `${NEAR} a`)
  set.set([{ ...forward, backends: [near, far] }])
  assert.equal(await ask(client, hostPort, 'b'), `${NEAR} b`)
  set.set([{ ...forward, backends: [far] }])
  assert.equal(await ask(client, hostPort, 'c'), `${FAR} c`)
})

test('a backend that refuses is left for another', async (t) => {
  const port = await echo(t, FAR)
  const hostPort = await freePort()
  const nobody = { address: NEAR, port, takesNew: true }
  const far = { address: FAR, port, takesNew: true }
  const forward = { hostPort, address: '127.0.0.33', port: 53, protocol: 'UDP' as const }
  forwarder(t).set([{ ...forward, backends: [nobody, far] }])
  assert.equal(await ask(await bound(t, '127.0.0.1'), hostPort, 'a'), `${FAR} a`)
})

test('without known backends the load balancer itself is asked', async (t) => {
  const port = await echo(t, NEAR)
  const hostPort = await freePort()
  forwarder(t).set([{ hostPort, address: NEAR, port, protocol: 'UDP' }])
  assert.equal(await ask(await bound(t, '127.0.0.1'), hostPort, 'a'), `${NEAR} a`)
})

test('a client that is silent for long is forgotten', async (t) => {
  const port = await echo(t, NEAR)
  await echo(t, FAR, port)
  const hostPort = await freePort()
  const clock = fakeClock()
  const set = forwarder(t, clock)
  const backends = [NEAR, FAR].map((address) => ({ address, port, takesNew: true }))
  set.set([{ hostPort, address: '127.0.0.33', port: 53, protocol: 'UDP', backends }])
  const client = await bound(t, '127.0.0.1')
  const first = await ask(client, hostPort, 'a')
  assert.equal(await ask(client, hostPort, 'a'), first)
  await clock.advance(forwardLimits.udpIdleMs + 2 * forwardLimits.udpSweepMs)
  assert.notEqual(await ask(client, hostPort, 'a'), first)
})
