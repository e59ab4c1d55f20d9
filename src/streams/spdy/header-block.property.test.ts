import assert from 'node:assert/strict'
import { test } from 'node:test'
import { constants, createDeflate, deflateRawSync, type Deflate, inflateSync } from 'node:zlib'
import fc from 'fast-check'
import { streamLimits } from '../limits.ts'
import { headerDictionary } from './dictionary.ts'
import { HeaderReader, HeaderWriter, type SpdyHeaders } from './header-block.ts'

const headersOf = fc
  .uniqueArray(
    fc.tuple(
      fc.string({ minLength: 1, maxLength: 20 }).map((name) => name.toLowerCase()),
      fc.string({ maxLength: 200 }),
    ),
    { selector: ([name]) => name, maxLength: 8 },
  )
  .map((entries): SpdyHeaders => new Map(entries))

/** What every other SPDY peer does: one deflate stream with the dictionary, flushed after each block. */
async function compress(deflate: Deflate, bytes: Buffer): Promise<Buffer> {
  const chunks: Buffer[] = []
  const collect = (chunk: Buffer) => chunks.push(chunk)
  deflate.on('data', collect)
  deflate.write(bytes)
  await new Promise<void>((resolve) => deflate.flush(constants.Z_SYNC_FLUSH, resolve))
  deflate.off('data', collect)
  return Buffer.concat(chunks)
}

function plain(headers: SpdyHeaders): Buffer {
  const number = (value: number) => {
    const bytes = Buffer.alloc(4)
    bytes.writeUInt32BE(value)
    return bytes
  }
  const parts = [number(headers.size)]
  for (const text of [...headers].flat())
    parts.push(number(Buffer.byteLength(text)), Buffer.from(text))
  return Buffer.concat(parts)
}

test('the header dictionary is the one of the draft, by its Adler-32', () => {
  let [low, high] = [1, 0]
  for (const byte of headerDictionary) {
    low = (low + byte) % 65_521
    high = (high + low) % 65_521
  }
  assert.equal(((high << 16) | low) >>> 0, 0xe3c6a7c2)
})

test('HeaderReader reads what a deflate stream with the dictionary wrote, block after block', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(headersOf, { minLength: 1, maxLength: 10 }), async (blocks) => {
      const deflate = createDeflate({ dictionary: headerDictionary })
      const reader = new HeaderReader()
      for (const headers of blocks)
        assert.deepEqual(reader.read(await compress(deflate, plain(headers))), headers)
    }),
    { numRuns: 50 },
  )
})

test('HeaderReader reads what HeaderWriter wrote, block after block', () => {
  fc.assert(
    fc.property(fc.array(headersOf, { minLength: 1, maxLength: 10 }), (blocks) => {
      const writer = new HeaderWriter()
      const reader = new HeaderReader()
      for (const headers of blocks) assert.deepEqual(reader.read(writer.write(headers)), headers)
    }),
  )
})

test('the blocks of HeaderWriter are one zlib stream, each ended by a flush', () => {
  const writer = new HeaderWriter()
  const blocks = [new Map([['streamtype', 'error']]), new Map<string, string>()]
  const written = blocks.map((headers) => writer.write(headers))
  const inflated = inflateSync(Buffer.concat(written), { finishFlush: constants.Z_SYNC_FLUSH })
  assert.deepEqual(inflated, Buffer.concat(blocks.map(plain)))
  // Go hands out what it unpacked when it meets the empty stored block, and not before.
  for (const block of written)
    assert.deepEqual([...block.subarray(-5)], [0x00, 0x00, 0x00, 0xff, 0xff])
})

test('HeaderReader refuses a block that unpacks to more than its bound', () => {
  const bomb = deflateRawSync(Buffer.alloc(streamLimits.headerBlockBytesMax + 1), {
    finishFlush: constants.Z_SYNC_FLUSH,
  })
  assert.ok(bomb.length < 1_000)
  const block = Buffer.concat([Buffer.from([0x78, 0x01]), bomb])
  assert.throws(() => new HeaderReader().read(block), /a header block cannot be unpacked/)
})

test('HeaderReader fails cleanly on any bytes', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      try {
        new HeaderReader().read(Buffer.from(bytes))
      } catch (error) {
        assert.match((error as Error).message, /^SPDY: /)
      }
    }),
  )
})

test('HeaderReader refuses two headers of one name', () => {
  const writer = new HeaderWriter()
  const block = writer.write(
    new Map([
      ['port', '1'],
      ['Port', '2'],
    ]),
  )
  assert.throws(() => new HeaderReader().read(block), /two headers named "port"/)
})
