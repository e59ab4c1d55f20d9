// Cuts the bytes of a SPDY/3.1 connection into frames. Pure: bytes in, frames out.
import { streamLimits } from '../limits.ts'
import { flag, frameType, STREAM_ID_MAX } from './frames.ts'
import { SpdyError } from './spdy-error.ts'

export type SpdyFrame =
  /** Part of a data frame, as it came; `fin` with the last part only. */
  | { type: 'data'; id: number; chunk: Buffer; fin: boolean }
  | { type: 'syn-stream'; id: number; fin: boolean; unidirectional: boolean; block: Buffer }
  | { type: 'syn-reply'; id: number; fin: boolean; block: Buffer }
  | { type: 'headers'; id: number; fin: boolean; block: Buffer }
  | { type: 'rst-stream'; id: number; status: number }
  | { type: 'ping'; id: number }
  | { type: 'go-away'; lastGoodId: number; status: number }
  /** SETTINGS, WINDOW_UPDATE and what the draft says to ignore. */
  | { type: 'other' }

const HEAD_BYTES = 8
const SUPPORTED_VERSION = 3

interface DataFrame {
  id: number
  left: number
  fin: boolean
}

export class FrameReader {
  /** The begin of a frame that is not whole yet. */
  #rest: Buffer = Buffer.alloc(0)
  /** The data frame we are in the middle of. */
  #data: DataFrame | undefined;

  /** The frames that these bytes complete. The generator must be read to its end. */
  *read(chunk: Buffer): Generator<SpdyFrame> {
    let bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk])
    this.#rest = Buffer.alloc(0)
    for (;;) {
      if (this.#data !== undefined) {
        const part = bytes.subarray(0, this.#data.left)
        bytes = bytes.subarray(part.length)
        const frame = this.#takeData(this.#data, part)
        if (frame !== undefined) yield frame
        if (this.#data !== undefined) return
      }
      const size = this.#beginFrame(bytes)
      if (size === undefined) break
      if (size > HEAD_BYTES || (bytes[0]! & 0x80) !== 0) yield readControl(bytes.subarray(0, size))
      bytes = bytes.subarray(size)
    }
    // A copy: the chunk would be held for the sake of a few bytes.
    this.#rest = Buffer.from(bytes)
  }

  #takeData(frame: DataFrame, chunk: Buffer): SpdyFrame | undefined {
    frame.left -= chunk.length
    const isWhole = frame.left === 0
    if (isWhole) this.#data = undefined
    if (chunk.length === 0 && !(isWhole && frame.fin)) return undefined
    return { type: 'data', id: frame.id, chunk, fin: isWhole && frame.fin }
  }

  /** How many bytes to take for the frame that begins here; undefined when more must come. */
  #beginFrame(bytes: Buffer): number | undefined {
    if (bytes.length < HEAD_BYTES) return undefined
    const first = bytes.readUInt32BE(0)
    const length = bytes.readUIntBE(5, 3)
    if (first <= STREAM_ID_MAX) {
      this.#data = { id: first, left: length, fin: (bytes[4]! & flag.fin) !== 0 }
      return HEAD_BYTES
    }
    const version = bytes.readUInt16BE(0) & 0x7fff
    if (version !== SUPPORTED_VERSION) throw new SpdyError(`version ${version} in a frame`)
    if (length > streamLimits.controlFrameBytesMax)
      throw new SpdyError(`a control frame of ${length} bytes`)
    return bytes.length < HEAD_BYTES + length ? undefined : HEAD_BYTES + length
  }
}

const PAYLOAD_BYTES_MIN: Readonly<Record<number, number>> = {
  [frameType.synStream]: 10,
  [frameType.synReply]: 4,
  [frameType.rstStream]: 8,
  [frameType.ping]: 4,
  [frameType.goAway]: 8,
  [frameType.headers]: 4,
}

function readControl(frame: Buffer): SpdyFrame {
  const type = frame.readUInt16BE(2)
  const flags = frame[4]!
  const payload = frame.subarray(HEAD_BYTES)
  if (payload.length < (PAYLOAD_BYTES_MIN[type] ?? 0))
    throw new SpdyError(`a frame of type ${type} with ${payload.length} bytes`)
  const id = () => payload.readUInt32BE(0) & STREAM_ID_MAX
  const fin = (flags & flag.fin) !== 0
  switch (type) {
    case frameType.synStream: {
      const unidirectional = (flags & flag.unidirectional) !== 0
      return { type: 'syn-stream', id: id(), fin, unidirectional, block: payload.subarray(10) }
    }
    case frameType.synReply:
      return { type: 'syn-reply', id: id(), fin, block: payload.subarray(4) }
    case frameType.headers:
      return { type: 'headers', id: id(), fin, block: payload.subarray(4) }
    case frameType.rstStream:
      return { type: 'rst-stream', id: id(), status: payload.readUInt32BE(4) }
    case frameType.ping:
      return { type: 'ping', id: payload.readUInt32BE(0) }
    case frameType.goAway:
      return { type: 'go-away', lastGoodId: id(), status: payload.readUInt32BE(4) }
    default:
      return { type: 'other' }
  }
}
