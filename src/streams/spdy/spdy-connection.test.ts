import assert from 'node:assert/strict'
import { duplexPair } from 'node:stream'
import { buffer, text } from 'node:stream/consumers'
import { test } from 'node:test'
import fc from 'fast-check'
import { fakeClock, settle } from '#base/fake-clock.ts'
import { streamLimits } from '../limits.ts'
import * as frames from './frames.ts'
import { FrameReader } from './frame-reader.ts'
import { HeaderWriter } from './header-block.ts'
import { type AcceptStream, SpdyConnection } from './spdy-connection.ts'
import type { SpdyStream } from './spdy-stream.ts'

const HEADERS = new Map([['streamtype', 'data']])

function pairOf(accept: AcceptStream) {
  const clock = fakeClock()
  const [near, far] = duplexPair()
  const client = new SpdyConnection({ transport: near, role: 'client', clock })
  const server = new SpdyConnection({ transport: far, role: 'server', accept, clock })
  return { clock, client, server, near, far }
}

const echo: AcceptStream = () => (stream) => void stream.pipe(stream)

/** A connection whose peer is played by the test, frame by frame. */
function scripted(accept: AcceptStream = () => undefined) {
  const clock = fakeClock()
  const [near, peer] = duplexPair()
  const connection = new SpdyConnection({ transport: near, role: 'server', accept, clock })
  const reader = new FrameReader()
  const heard: string[] = []
  peer.on('data', (chunk: Buffer) => {
    for (const frame of reader.read(chunk))
      heard.push(frame.type === 'rst-stream' ? `rst ${frame.id} ${frame.status}` : `${frame.type}`)
  })
  return { clock, connection, peer, heard, headers: new HeaderWriter() }
}

test('a stream carries bytes both ways and each side ends for itself', async () => {
  const { client } = pairOf((headers) => (stream) => {
    assert.equal(headers.get('streamtype'), 'data')
    // Answers only once the client has said all: that is what half-close is for.
    void text(stream).then((said) => stream.end(`heard ${said}`))
  })
  const stream = await client.open(HEADERS)
  stream.end('all of it')
  assert.equal(await text(stream), 'heard all of it')
})

test('many streams at once keep their bytes apart, whatever their size', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.integer({ min: 0, max: 300_000 }), { minLength: 1, maxLength: 12 }),
      async (sizes) => {
        const { client, server } = pairOf(echo)
        const results = sizes.map(async (size, index) => {
          const stream = await client.open(HEADERS)
          const sent = Buffer.alloc(size, index)
          stream.end(sent)
          assert.deepEqual(await buffer(stream), sent)
        })
        await Promise.all(results)
        client.close()
        await Promise.all([client.closed, server.closed])
      },
    ),
    { numRuns: 20 },
  )
})

test('what came before the end of the connection is read, also behind a slow reader', async () => {
  const [near, peer] = duplexPair()
  const client = new SpdyConnection({ transport: near, role: 'client', clock: fakeClock() })
  peer.resume()
  const opening = [client.open(HEADERS), client.open(HEADERS)] as const
  const headers = new HeaderWriter()
  for (const id of [1, 3]) peer.write(frames.synReply(id, headers.write(new Map())))
  const [large, small] = await Promise.all(opening)
  const bytes = Buffer.alloc(2 * streamLimits.streamBufferBytesMax, 7)
  const parts = [
    frames.dataHead(1, bytes.length, false),
    bytes,
    frames.dataHead(1, 0, true),
    frames.dataHead(3, 6, false),
    Buffer.from('status'),
    frames.rstStream(3, frames.resetStatus.cancel),
  ]
  // In one piece with the end behind it: the transport is closed before the first reader takes anything.
  peer.end(Buffer.concat(parts))
  near.end()
  await new Promise((resolve) => near.once('close', resolve))
  const status = text(small)
  assert.deepEqual(await buffer(large), bytes)
  assert.equal(await status, 'status')
  await client.closed
})

test('a goodbye to a connection that is gone ends its streams, read or not', async () => {
  const [near, peer] = duplexPair()
  const client = new SpdyConnection({ transport: near, role: 'client', clock: fakeClock() })
  peer.resume()
  const opening = client.open(HEADERS)
  peer.write(frames.synReply(1, new HeaderWriter().write(new Map())))
  const stream = await opening
  const bytes = Buffer.alloc(2 * streamLimits.streamBufferBytesMax)
  peer.end(Buffer.concat([frames.dataHead(1, bytes.length, false), bytes]))
  near.end()
  await new Promise((resolve) => near.once('close', resolve))
  client.close()
  await client.closed
  assert.ok(stream.wasReset)
})

test('what a server does not accept is refused and the connection goes on', async () => {
  const { client } = pairOf((headers) =>
    headers.get('streamtype') === 'no' ? undefined : echo(headers),
  )
  await assert.rejects(client.open(new Map([['streamtype', 'no']])), /refused, status 3/)
  const stream = await client.open(HEADERS)
  stream.end('x')
  assert.equal(await text(stream), 'x')
})

test('a stream reset by the peer ends after what had come', async () => {
  const { client } = pairOf(() => (stream) => {
    stream.write('last words', () => stream.destroy())
  })
  const stream = await client.open(HEADERS)
  assert.equal(await text(stream), 'last words')
  assert.equal(stream.wasReset, true)
})

test('the end of a connection ends its streams and those that are being opened', async () => {
  const { client, far } = pairOf(echo)
  const stream = await client.open(HEADERS)
  const opening = client.open(HEADERS)
  far.destroy()
  await assert.rejects(opening, /closed/)
  assert.equal(await text(stream), '')
  await client.closed
  await assert.rejects(client.open(HEADERS), /closed/)
})

test('a stream that nobody accepts is given up after a while', async () => {
  const clock = fakeClock()
  const [near] = duplexPair()
  const client = new SpdyConnection({ transport: near, role: 'client', clock })
  const opening = assert.rejects(client.open(HEADERS), /not accepted in time/)
  await clock.advance(streamLimits.streamCreationMs)
  await opening
  client.destroy()
})

test('a silent peer is pinged and then taken for dead', async () => {
  const { clock, connection, heard } = scripted()
  await clock.advance(streamLimits.pingPeriodMs)
  assert.deepEqual(heard, ['ping'])
  await clock.advance(streamLimits.silenceMsMax)
  await connection.closed
  assert.match(connection.error?.message ?? '', /nothing was heard for 60 s/)
  assert.equal(clock.pending, 0)
})

test('a peer that answers pings may be idle for ever', async () => {
  const { clock, client, server } = pairOf(echo)
  const stream = await client.open(HEADERS)
  await clock.advance(24 * 3_600_000)
  stream.end('still here')
  assert.equal(await text(stream), 'still here')
  client.close()
  await server.closed
})

test('a slow reader holds up the connection, which is not taken for dead meanwhile', async () => {
  let held: SpdyStream | undefined
  const { clock, client, server } = pairOf(() => (stream) => void (held = stream))
  const stream = await client.open(HEADERS)
  const size = 4 * streamLimits.streamBufferBytesMax
  stream.end(Buffer.alloc(size, 7))
  await clock.advance(10 * streamLimits.silenceMsMax)
  assert.ok(held !== undefined && held.readableLength < size)
  assert.equal((await buffer(held)).length, size)
  server.destroy()
})

test('pings are answered, unknown streams reset, wrong stream ids refused', async () => {
  const { peer, heard, headers, connection } = scripted(echo)
  peer.write(frames.ping(1))
  peer.write(Buffer.concat([frames.dataHead(9, 1, false), Buffer.from('x')]))
  peer.write(frames.synStream(2, headers.write(HEADERS)))
  peer.write(frames.synStream(3, headers.write(HEADERS)))
  peer.write(frames.synStream(3, headers.write(HEADERS)))
  await settle()
  assert.deepEqual(heard, ['ping', 'rst 9 2', 'rst 2 1', 'syn-reply', 'rst 3 1'])
  connection.destroy()
})

test('bytes that are no SPDY end the connection with a reason', async () => {
  const { peer, connection } = scripted()
  peer.write(Buffer.alloc(100, 0x80))
  await connection.closed
  assert.match(connection.error?.message ?? '', /^SPDY: version/)
})

test('no more streams are accepted than the bound', async () => {
  const { peer, heard, headers, connection } = scripted(() => () => undefined)
  for (let index = 0; index <= streamLimits.streamsMax; index++)
    peer.write(frames.synStream(2 * index + 1, headers.write(HEADERS)))
  await settle()
  const replies = heard.filter((frame) => frame === 'syn-reply')
  assert.equal(replies.length, streamLimits.streamsMax)
  assert.equal(heard.at(-1), `rst ${2 * streamLimits.streamsMax + 1} 3`)
  connection.destroy()
})

test('a peer that asks and never reads is given up', async () => {
  const clock = fakeClock()
  const [near, peer] = duplexPair()
  const connection = new SpdyConnection({ transport: near, role: 'server', clock })
  // Nothing reads `peer`: answers pile up.
  const pings = Buffer.concat(Array.from({ length: 10_000 }, () => frames.ping(1)))
  for (let round = 0; round < 8 && !near.destroyed; round++) {
    peer.write(pings)
    await settle()
  }
  await connection.closed
  assert.match(connection.error?.message ?? '', /does not read our answers/)
})

test('a goodbye lets what was written arrive; a peer that stays is left after a while', async () => {
  const { clock, client, server } = pairOf(() => (stream) => void stream.end('bye'))
  const stream = await client.open(HEADERS)
  assert.equal(await text(stream), 'bye')
  server.close()
  await client.closed
  await server.closed
  const lone = scripted()
  lone.connection.close()
  await settle()
  assert.deepEqual(lone.heard, ['go-away'])
  await lone.clock.advance(streamLimits.closeGraceMs)
  await lone.connection.closed
  assert.equal(clock.pending + lone.clock.pending, 0)
})
