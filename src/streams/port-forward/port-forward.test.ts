import assert from 'node:assert/strict'
import { duplexPair } from 'node:stream'
import { text } from 'node:stream/consumers'
import { test } from 'node:test'
import { fakeClock, settle } from '#base/fake-clock.ts'
import { streamLimits } from '../limits.ts'
import { SpdyConnection } from '../spdy/spdy-connection.ts'
import { webSocketPair } from '../websocket/test-web-sockets.ts'
import { channelPortForward } from './channel-port-forward.ts'
import {
  type ForwardedPair,
  openPortForward,
  portOf,
  servePortForward,
} from './spdy-port-forward.ts'

function server() {
  const clock = fakeClock()
  const [transport, far] = duplexPair()
  const pairs: ForwardedPair[] = []
  const connection = servePortForward({
    transport: far,
    clock,
    forward: (pair) => pairs.push(pair),
  })
  return { clock, transport, connection, pairs }
}

const headers = (type: string, port: string, requestId?: string) =>
  new Map([
    ['streamtype', type],
    ['port', port],
    ...(requestId === undefined ? [] : [['requestid', requestId] as const]),
  ])

test('portOf reads ports and nothing else', () => {
  for (const bad of [undefined, '', '0', '65536', '-1', '80x', '1e3', ' 80'])
    assert.equal(portOf(bad), undefined, String(bad))
  assert.equal(portOf('65535'), 65_535)
})

test('both ends of a forwarded connection are joined', async () => {
  const { clock, transport, pairs } = server()
  const { pair, connection } = await openPortForward({ transport, port: 80, clock })
  assert.equal(pairs.length, 1)
  assert.equal(pairs[0]!.port, 80)
  pair.data.end('request')
  assert.equal(await text(pairs[0]!.data), 'request')
  pairs[0]!.data.end('response')
  pairs[0]!.error.end()
  assert.deepEqual(await Promise.all([text(pair.data), text(pair.error)]), ['response', ''])
  connection.close()
  await connection.closed
})

test('streams are paired by their number, or by their ids where old clients have none', async () => {
  const { clock, transport, pairs } = server()
  const client = new SpdyConnection({ transport, role: 'client', clock })
  await client.open(headers('data', '81', '7'))
  await client.open(headers('error', '80', '6'))
  await client.open(headers('error', '81', '7'))
  await client.open(headers('data', '80', '6'))
  await client.open(headers('error', '82'))
  await client.open(headers('data', '82'))
  assert.deepEqual(
    pairs.map(({ port }) => port),
    [81, 80, 82],
  )
  client.destroy()
})

test('streams that make no pair are refused, or reset after a while', async () => {
  const { clock, transport, pairs, connection } = server()
  const client = new SpdyConnection({ transport, role: 'client', clock })
  await assert.rejects(client.open(headers('data', '0', '1')), /refused/)
  await assert.rejects(client.open(headers('other', '80', '1')), /refused/)
  const twice = await client.open(headers('data', '80', '2'))
  const again = await client.open(headers('data', '80', '2'))
  assert.equal(await text(again), '')
  assert.equal(again.wasReset, true)
  assert.equal(twice.wasReset, false)
  await clock.advance(streamLimits.streamCreationMs)
  await settle()
  assert.equal(twice.wasReset, true)
  assert.equal(pairs.length, 0)
  connection.destroy()
})

test('clients of numbered channels get two for each port, which begin with its number', async () => {
  const { client, server: socket } = await webSocketPair()
  const messages: string[] = []
  client.on('message', (data) => messages.push((data as Buffer).toString('hex')))
  const pairs: ForwardedPair[] = []
  channelPortForward({
    socket,
    encoding: 'binary',
    ports: [80, 8080],
    forward: (pair) => pairs.push(pair),
    clock: fakeClock(),
  })
  client.send(Buffer.from('\x02to 8080'))
  const [chunk] = (await pairs[1]!.data.take(1).toArray()) as Buffer[]
  assert.equal(chunk!.toString(), 'to 8080')
  pairs[0]!.data.write('A')
  client.close()
  await new Promise((resolve) => client.once('close', resolve))
  assert.deepEqual(messages, ['005000', '015000', '02901f', '03901f', '0041'])
})
