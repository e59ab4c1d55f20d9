// Names and values of SPDY frames, packed by zlib with a state that lasts as long as the connection
// (SPDY/3 draft, sections 2.6.10 and 2.6.10.1).
import { constants, inflateRawSync } from 'node:zlib'
import { streamLimits } from '../limits.ts'
import { headerDictionary } from './dictionary.ts'
import { SpdyError } from './spdy-error.ts'

/** Names are lower case. */
export type SpdyHeaders = ReadonlyMap<string, string>

const ZLIB_HEADER_BYTES = 2
const DICTIONARY_ID_BYTES = 4
const USES_DICTIONARY = 0x20
/** Deflate looks back no further. */
const WINDOW_BYTES = 32 * 1024
const STORED_BLOCK_BYTES_MAX = 0xffff

/**
 * Reads the blocks of one direction of a connection, in the order they came. Each block ends at a byte
 * (the sender flushes, as the draft says), so that it can be unpacked by itself with what was unpacked
 * before as its dictionary: no stream object, no thread, a bound on every call.
 */
export class HeaderReader {
  #window: Buffer | undefined

  read(block: Buffer): SpdyHeaders {
    let packed = block
    if (this.#window === undefined) {
      const hasDictionary = ((block[1] ?? 0) & USES_DICTIONARY) !== 0
      packed = block.subarray(ZLIB_HEADER_BYTES + (hasDictionary ? DICTIONARY_ID_BYTES : 0))
      this.#window = hasDictionary ? headerDictionary : Buffer.alloc(0)
    }
    const bytes = unpack(packed, this.#window)
    const window = Buffer.concat([this.#window, bytes])
    this.#window = window.subarray(Math.max(0, window.length - WINDOW_BYTES))
    return parseHeaders(bytes)
  }
}

function unpack(packed: Buffer, window: Buffer): Buffer {
  try {
    return inflateRawSync(packed, {
      ...(window.length === 0 ? {} : { dictionary: window }),
      finishFlush: constants.Z_SYNC_FLUSH,
      maxOutputLength: streamLimits.headerBlockBytesMax,
    })
  } catch (cause) {
    throw new SpdyError('a header block cannot be unpacked', { cause })
  }
}

function parseHeaders(bytes: Buffer): SpdyHeaders {
  let at = 0
  const number = (): number => {
    if (at + 4 > bytes.length) throw new SpdyError('a header block is cut off')
    at += 4
    return bytes.readUInt32BE(at - 4)
  }
  const text = (): string => {
    const length = number()
    if (at + length > bytes.length) throw new SpdyError('a header block is cut off')
    at += length
    return bytes.toString('utf8', at - length, at)
  }
  const count = number()
  if (count > streamLimits.headersMax) throw new SpdyError(`${count} headers in one block`)
  const headers = new Map<string, string>()
  for (let index = 0; index < count; index++) {
    const name = text().toLowerCase()
    if (headers.has(name)) throw new SpdyError(`two headers named ${JSON.stringify(name)}`)
    headers.set(name, text())
  }
  return headers
}

function renderHeaders(headers: SpdyHeaders): Buffer {
  const parts: Buffer[] = []
  const number = (value: number) => {
    const bytes = Buffer.alloc(4)
    bytes.writeUInt32BE(value)
    parts.push(bytes)
  }
  const text = (value: string) => {
    const bytes = Buffer.from(value)
    number(bytes.length)
    parts.push(bytes)
  }
  number(headers.size)
  for (const [name, value] of headers) {
    text(name.toLowerCase())
    text(value)
  }
  return Buffer.concat(parts)
}

/**
 * Writes the blocks of one direction of a connection: as a zlib stream of stored blocks. Any SPDY peer
 * reads that (after the empty block, which is how a flush looks: Go gives nothing out before), no secret can be guessed from its length, and there is nothing to compress: a connection
 * has a handful of headers.
 */
export class HeaderWriter {
  #began = false

  write(headers: SpdyHeaders): Buffer {
    const bytes = renderHeaders(headers)
    if (bytes.length > STORED_BLOCK_BYTES_MAX)
      throw new RangeError(`headers of ${bytes.length} bytes do not fit in a block`)
    // Deflate, window of 32 KiB, no dictionary: RFC 1950, 2.2.
    const start = this.#began ? [] : [Buffer.from([0x78, 0x01])]
    this.#began = true
    return Buffer.concat([...start, storedHead(bytes.length), bytes, storedHead(0)])
  }
}

/** Not the last block; its length and the complement of that: RFC 1951, 3.2.4. */
function storedHead(length: number): Buffer {
  const head = Buffer.alloc(5)
  head.writeUInt16LE(length, 1)
  head.writeUInt16LE(STORED_BLOCK_BYTES_MAX - length, 3)
  return head
}
