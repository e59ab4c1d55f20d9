import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { streamLimits } from '../limits.ts'
import { FrameReader, type SpdyFrame } from './frame-reader.ts'
import * as frames from './frames.ts'

const id = fc.integer({ min: 1, max: frames.STREAM_ID_MAX })
const bytes = (maxLength: number) => fc.uint8Array({ maxLength }).map((array) => Buffer.from(array))

interface Sample {
  wire: Buffer
  frame: SpdyFrame
}

const sample: fc.Arbitrary<Sample> = fc.oneof(
  fc.tuple(id, bytes(300), fc.boolean()).map(([stream, chunk, fin]) => ({
    wire: Buffer.concat([frames.dataHead(stream, chunk.length, fin), chunk]),
    frame: { type: 'data' as const, id: stream, chunk, fin },
  })),
  fc.tuple(id, bytes(100), fc.boolean()).map(([stream, block, fin]) => ({
    wire: frames.synStream(stream, block, fin),
    frame: { type: 'syn-stream' as const, id: stream, fin, unidirectional: false, block },
  })),
  fc.tuple(id, bytes(100)).map(([stream, block]) => ({
    wire: frames.synReply(stream, block),
    frame: { type: 'syn-reply' as const, id: stream, fin: false, block },
  })),
  fc.tuple(id, fc.integer({ min: 1, max: 11 })).map(([stream, status]) => ({
    wire: frames.rstStream(stream, status),
    frame: { type: 'rst-stream' as const, id: stream, status },
  })),
  id.map((ping) => ({ wire: frames.ping(ping), frame: { type: 'ping' as const, id: ping } })),
  id.map((lastGoodId) => ({
    wire: frames.goAway(lastGoodId),
    frame: { type: 'go-away' as const, lastGoodId, status: 0 },
  })),
)

function cut(wire: Buffer, places: readonly number[]): Buffer[] {
  const ends = [...places.map((place) => place % (wire.length + 1)), wire.length].toSorted(
    (one, other) => one - other,
  )
  let from = 0
  return ends.map((end) => {
    const part = wire.subarray(from, end)
    from = end
    return part
  })
}

/** The parts of a data frame put together again; an empty one that ends nothing says nothing. */
function whole(read: readonly SpdyFrame[]): SpdyFrame[] {
  const out: SpdyFrame[] = []
  for (const frame of read) {
    const last = out.at(-1)
    if (frame.type === 'data' && last?.type === 'data' && last.id === frame.id && !last.fin)
      out[out.length - 1] = { ...frame, chunk: Buffer.concat([last.chunk, frame.chunk]) }
    else out.push(frame.type === 'data' ? { ...frame, chunk: Buffer.from(frame.chunk) } : frame)
  }
  return out.filter((frame) => frame.type !== 'data' || frame.fin || frame.chunk.length > 0)
}

test('FrameReader gives the same frames however the bytes are cut', () => {
  fc.assert(
    fc.property(
      fc.array(sample, { maxLength: 12 }),
      fc.array(fc.nat(), { maxLength: 30 }),
      (samples, places) => {
        const reader = new FrameReader()
        const read: SpdyFrame[] = []
        for (const part of cut(Buffer.concat(samples.map(({ wire }) => wire)), places))
          for (const frame of reader.read(part))
            read.push('block' in frame ? { ...frame, block: Buffer.from(frame.block) } : frame)
        assert.deepEqual(whole(read), whole(samples.map(({ frame }) => frame)))
      },
    ),
  )
})

test('FrameReader passes on any bytes or fails, and holds no more than one control frame', () => {
  fc.assert(
    fc.property(fc.array(bytes(100), { maxLength: 20 }), (parts) => {
      const reader = new FrameReader()
      try {
        for (const part of parts) for (const frame of reader.read(part)) assert.ok(frame.type)
      } catch (error) {
        assert.match((error as Error).message, /^SPDY: /)
      }
    }),
  )
})

test('FrameReader refuses another version and a control frame that is too long', () => {
  const read = (wire: Buffer) => [...new FrameReader().read(wire)]
  const spdy2 = frames.ping(1)
  spdy2[1] = 2
  assert.throws(() => read(spdy2), /version 2/)
  const long = frames.ping(1)
  long.writeUIntBE(streamLimits.controlFrameBytesMax + 1, 5, 3)
  assert.throws(() => read(long), /a control frame of 16385 bytes/)
  const short = frames.rstStream(1, 1).subarray(0, 12)
  short.writeUIntBE(4, 5, 3)
  assert.throws(() => read(short), /type 3 with 4 bytes/)
})

test('FrameReader ignores frames it has no use for', () => {
  const settings = Buffer.from('8003000400000004'.concat('00000000'), 'hex')
  const windowUpdate = Buffer.from('8003000900000008'.concat('0000000100000100'), 'hex')
  const read = [...new FrameReader().read(Buffer.concat([settings, windowUpdate, frames.ping(3)]))]
  assert.deepEqual(
    read.map(({ type }) => type),
    ['other', 'other', 'ping'],
  )
})
