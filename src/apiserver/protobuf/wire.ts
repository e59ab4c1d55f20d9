// The wire format of protobuf: fields of a message as numbers and bytes.

export interface WireField {
  number: number
  /** Of a varint. */
  varint?: bigint
  /** Of strings, bytes, messages, and of fixed-width numbers as they stand. */
  bytes?: Uint8Array
}

/** The bytes are no protobuf message. */
export class WireError extends Error {
  override readonly name = 'WireError'
}

class Reader {
  readonly #bytes: Uint8Array
  #at = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
  }

  get isDone(): boolean {
    return this.#at >= this.#bytes.length
  }

  varint(): bigint {
    let value = 0n
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = this.#bytes[this.#at++]
      if (byte === undefined) throw new WireError('a number is cut off')
      value |= BigInt(byte & 0x7f) << shift
      if (byte < 0x80) return BigInt.asIntN(64, value)
    }
    throw new WireError('a number is too long')
  }

  take(length: number): Uint8Array {
    const end = this.#at + length
    if (length < 0 || end > this.#bytes.length) throw new WireError('a field is cut off')
    const taken = this.#bytes.subarray(this.#at, end)
    this.#at = end
    return taken
  }
}

export function readFields(bytes: Uint8Array): WireField[] {
  const reader = new Reader(bytes)
  const fields: WireField[] = []
  while (!reader.isDone) {
    const tag = Number(reader.varint())
    const number = tag >>> 3
    switch (tag & 7) {
      case 0:
        fields.push({ number, varint: reader.varint() })
        break
      case 1:
        fields.push({ number, bytes: reader.take(8) })
        break
      case 2:
        fields.push({ number, bytes: reader.take(Number(reader.varint())) })
        break
      case 5:
        fields.push({ number, bytes: reader.take(4) })
        break
      default:
        throw new WireError(`field ${number} has an unknown wire type`)
    }
  }
  return fields
}

export const varintsOf = (fields: readonly WireField[], number: number): bigint[] =>
  fields.filter((one) => one.number === number).map(({ varint }) => varint ?? 0n)
