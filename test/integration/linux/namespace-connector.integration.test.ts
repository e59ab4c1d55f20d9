import assert from 'node:assert/strict'
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { text } from 'node:stream/consumers'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { fakeClock } from '#base/fake-clock.ts'
import { NamespaceConnector } from '#linux/namespace-connector.ts'

const name = `ccs-test-connector-${process.pid}`
const netnsPath = `/run/netns/${name}`
/** Greets, then says what it was told once that has ended. */
const SERVER = `require('net').createServer({ allowHalfOpen: true }, (socket) => {
  socket.on('error', () => socket.destroy())
  socket.write('hello\\n')
  let said = ''
  socket.on('data', (chunk) => (said += chunk))
  socket.on('end', () => setTimeout(() => socket.end('you said ' + said), 1500))
}).listen(7000, '127.0.0.1', () => console.log('ready'))`

let server: ChildProcess

before(async () => {
  execFileSync('ip', ['netns', 'add', name])
  execFileSync('ip', ['-n', name, 'link', 'set', 'lo', 'up'])
  const argv = [`--net=${netnsPath}`, '--', process.execPath, '-e', SERVER]
  server = spawn('nsenter', argv, { stdio: ['ignore', 'pipe', 'inherit'] })
  await new Promise((resolve) => server.stdout!.once('data', resolve))
})

after(() => {
  server.kill('SIGKILL')
  execFileSync('ip', ['netns', 'delete', name])
})

test('NamespaceConnector hands over connections whose sides end for themselves', async () => {
  const clock = fakeClock()
  let endings = 0
  const connector = new NamespaceConnector({ netnsPath, clock, ended: () => endings++ })
  const sockets = await Promise.all(Array.from({ length: 20 }, () => connector.connect(7000)))
  // What the server says first waits for whoever gets the connection.
  await sleep(100)
  // The process that made them goes, they stay.
  await clock.advance(60_000)
  assert.equal(endings, 1)
  const answers = sockets.map((socket, index) => {
    socket.end(`line ${index}`)
    return text(socket)
  })
  assert.deepEqual(
    await Promise.all(answers),
    sockets.map((_, index) => `hello\nyou said line ${index}`),
  )
  // Another process is started when one is needed again.
  const again = await connector.connect(7000)
  again.destroy()
  connector.close()
  assert.equal(clock.pending, 0)
})

test('NamespaceConnector says what is wrong', async () => {
  const clock = fakeClock()
  const connector = new NamespaceConnector({ netnsPath, clock, ended: () => undefined })
  await assert.rejects(
    connector.connect(7001),
    /failed to connect to localhost:7001, 127\.0\.0\.1: connection refused, ::1: connection refused/,
  )
  connector.close()
  const lost = new NamespaceConnector({
    netnsPath: '/run/netns/ccs-test-there-is-none',
    clock,
    ended: () => undefined,
  })
  await assert.rejects(lost.connect(7000), /the namespace cannot be entered/)
})
