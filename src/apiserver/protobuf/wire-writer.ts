// Writes the wire format of protobuf: a message is its fields one after the other.

const VARINT = 0
const FIXED64 = 1
const LENGTH_DELIMITED = 2

function varint(value: number): Buffer {
  if (!Number.isSafeInteger(value) || value < 0)
    throw new RangeError(`${value} cannot be written as an unsigned integer`)
  const bytes: number[] = []
  let rest = value
  while (rest >= 0x80) {
    bytes.push((rest % 0x80) | 0x80)
    rest = Math.floor(rest / 0x80)
  }
  bytes.push(rest)
  return Buffer.from(bytes)
}

const tag = (number: number, type: number) => varint(number * 8 + type)

export const varintField = (number: number, value: number): Buffer =>
  Buffer.concat([tag(number, VARINT), varint(value)])

export function doubleField(number: number, value: number): Buffer {
  const bytes = Buffer.alloc(8)
  bytes.writeDoubleLE(value)
  return Buffer.concat([tag(number, FIXED64), bytes])
}

/** Strings, bytes and messages. */
export function bytesField(number: number, value: string | Buffer): Buffer {
  const bytes = typeof value === 'string' ? Buffer.from(value) : value
  return Buffer.concat([tag(number, LENGTH_DELIMITED), varint(bytes.length), bytes])
}
