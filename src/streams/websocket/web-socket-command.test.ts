import assert from 'node:assert/strict'
import { text } from 'node:stream/consumers'
import { test } from 'node:test'
import type { WebSocket } from 'ws'
import { fakeClock } from '#base/fake-clock.ts'
import { webSocketCommandProtocols } from '../command/protocols.ts'
import { streamLimits } from '../limits.ts'
import { webSocketPair } from './test-web-sockets.ts'
import { webSocketCommand } from './web-socket-command.ts'

const protocolOf = (name: string) =>
  webSocketCommandProtocols.find((protocol) => protocol.name === name)!

const ALL = { stdin: true, stdout: true, stderr: true, tty: false }

async function commandPair(name: string, streams = ALL) {
  const clock = fakeClock()
  const pair = await webSocketPair()
  const options = { protocol: protocolOf(name), streams, clock }
  const server = webSocketCommand({ ...options, socket: pair.server, role: 'server' })
  return { ...pair, clock, options, server }
}

/** Everything a raw client hears, as text. */
function heard(socket: WebSocket): string[] {
  const messages: string[] = []
  socket.on('message', (data, isBinary) => {
    const bytes = data as Buffer
    messages.push(
      isBinary ? `${bytes[0]}:${bytes.toString('utf8', 1)}` : `text ${bytes.toString()}`,
    )
  })
  return messages
}

test('v5 carries all channels, and the end of the input alone', async () => {
  const { client: socket, server, options, clock } = await commandPair('v5.channel.k8s.io')
  const client = webSocketCommand({ ...options, socket, role: 'client' })
  client.channels.stdin!.end('question')
  assert.equal(await text(server.channels.stdin!), 'question')
  server.channels.stdout!.end('answer')
  server.channels.stderr!.end('complaint')
  server.channels.error!.end('{"status":"Success"}')
  server.close()
  const { stdout, stderr, error } = client.channels
  assert.deepEqual(await Promise.all([text(stdout!), text(stderr!), text(error!)]), [
    'answer',
    'complaint',
    '{"status":"Success"}',
  ])
  await Promise.all([client.closed, server.closed])
  assert.equal(clock.pending, 0)
})

test('a server tells clients of v4 nothing they do not know', async () => {
  const { client, server } = await commandPair('v4.channel.k8s.io')
  const messages = heard(client)
  // A v4 client that sends channel 255 means nothing by it.
  client.send(Buffer.from([255, 0]))
  client.send(Buffer.from('\0input'))
  const [chunk] = (await server.channels.stdin!.take(1).toArray()) as Buffer[]
  assert.equal(chunk!.toString(), 'input')
  server.channels.stdout!.end('out')
  server.channels.error!.end('done')
  server.close()
  await server.closed
  assert.deepEqual(messages, ['1:', '1:out', '3:done'])
})

test('the base64 form speaks text both ways', async () => {
  const { client, server } = await commandPair('base64.channel.k8s.io')
  const messages = heard(client)
  client.send(`0${Buffer.from('ls\n').toString('base64')}`)
  client.close()
  assert.equal(await text(server.channels.stdin!), 'ls\n')
  await server.closed
  assert.deepEqual(messages, ['text 1'])
})

test('a terminal has sizes and one output', async () => {
  const { client, server } = await commandPair('v5.channel.k8s.io', { ...ALL, tty: true })
  assert.equal(server.channels.stderr, undefined)
  client.send(Buffer.from('\x04{"Width":80,"Height":25}'))
  client.close()
  assert.equal(await text(server.channels.resize!), '{"Width":80,"Height":25}')
})

test('what is no message ends the connection with a reason', async () => {
  const { client } = await commandPair('base64.channel.k8s.io')
  const closed = new Promise<number>((resolve) => client.once('close', resolve))
  client.send('0 this is no base64')
  assert.equal(await closed, 1002)
})

test('a client that vanishes ends its channels; one that is silent is taken for dead', async () => {
  const gone = await commandPair('v5.channel.k8s.io')
  gone.wire.destroy()
  assert.equal(await text(gone.server.channels.stdin!), '')
  await gone.server.closed
  const silent = await commandPair('v5.channel.k8s.io')
  // Reads nothing any more, so answers no ping either.
  silent.client.pause()
  await silent.clock.advance(streamLimits.silenceMsMax + streamLimits.pingPeriodMs)
  await silent.server.closed
  assert.equal(silent.clock.pending, 0)
})

test('a slow reader holds up the connection instead of filling memory', async () => {
  const { client: socket, server, options } = await commandPair('v5.channel.k8s.io')
  const client = webSocketCommand({ ...options, socket, role: 'client' })
  const size = 8 * streamLimits.streamBufferBytesMax
  client.channels.stdin!.end(Buffer.alloc(size, 1))
  await new Promise((resolve) => setImmediate(resolve))
  let total = 0
  for await (const chunk of server.channels.stdin! as AsyncIterable<Buffer>) {
    assert.ok(server.channels.stdin!.readableLength <= 2 * streamLimits.streamBufferBytesMax)
    total += chunk.length
  }
  assert.equal(total, size)
})
