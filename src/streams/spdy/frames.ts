// Frames of SPDY/3.1 as bytes (SPDY/3 draft, section 2.2 and 2.6). Pure.

const VERSION = 3
const CONTROL = 0x80

export const frameType = {
  synStream: 1,
  synReply: 2,
  rstStream: 3,
  ping: 6,
  goAway: 7,
  headers: 8,
} as const

export const flag = { fin: 0x01, unidirectional: 0x02 } as const

/** Why a stream is ended by RST_STREAM. */
export const resetStatus = {
  protocolError: 1,
  invalidStream: 2,
  refusedStream: 3,
  cancel: 5,
} as const

/** Stream ids have 31 bits. */
export const STREAM_ID_MAX = 0x7fff_ffff

function control(type: number, flags: number, payload: Buffer): Buffer {
  const head = Buffer.alloc(8)
  head.writeUInt16BE((CONTROL << 8) | VERSION, 0)
  head.writeUInt16BE(type, 2)
  head[4] = flags
  head.writeUIntBE(payload.length, 5, 3)
  return Buffer.concat([head, payload])
}

function words(...values: number[]): Buffer {
  const bytes = Buffer.alloc(values.length * 4)
  values.forEach((value, index) => bytes.writeUInt32BE(value, index * 4))
  return bytes
}

const finOf = (fin: boolean): number => (fin ? flag.fin : 0)

export const synStream = (id: number, block: Buffer, fin = false): Buffer =>
  control(frameType.synStream, finOf(fin), Buffer.concat([words(id, 0), Buffer.alloc(2), block]))

export const synReply = (id: number, block: Buffer): Buffer =>
  control(frameType.synReply, 0, Buffer.concat([words(id), block]))

export const rstStream = (id: number, status: number): Buffer =>
  control(frameType.rstStream, 0, words(id, status))

export const ping = (id: number): Buffer => control(frameType.ping, 0, words(id))

/** Status 0: nothing went wrong. */
export const goAway = (lastGoodId: number, status = 0): Buffer =>
  control(frameType.goAway, 0, words(lastGoodId, status))

/** The eight bytes before the payload of a data frame. */
export function dataHead(id: number, length: number, fin: boolean): Buffer {
  const head = Buffer.alloc(8)
  head.writeUInt32BE(id, 0)
  head[4] = finOf(fin)
  head.writeUIntBE(length, 5, 3)
  return head
}
