// A value encrypted on disk: AES-256-GCM under a key that the value names, bound to the place it is stored at.
import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto'

const ALGORITHM = 'aes-256-gcm'
export const SEALING_KEY_BYTES = 32
/** No JSON begins so: what was stored before there was encryption is told apart by it. */
const MAGIC = Buffer.from('\0ccs1')
const ID_BYTES = 6
const NONCE_BYTES = 12
const TAG_BYTES = 16
const HEAD_BYTES = MAGIC.length + ID_BYTES + NONCE_BYTES

/** The name of a key, made of the key: a file whose keys were changed is noticed. */
export const keyIdOf = (key: Uint8Array): string =>
  createHash('sha256').update(key).digest().subarray(0, ID_BYTES).toString('hex')

/**
 * `place` is authenticated, not stored: sealed bytes moved to another place do not open. The nonce is random, which
 * is safe for some 2^32 values under one key (NIST SP 800-38D, 8.3).
 */
export function sealValue(
  key: { id: string; bytes: Uint8Array },
  place: string,
  value: Uint8Array,
): Uint8Array {
  const nonce = randomBytes(NONCE_BYTES)
  const cipher = createCipheriv(ALGORITHM, key.bytes, nonce)
  cipher.setAAD(Buffer.from(place))
  const body = [cipher.update(value), cipher.final(), cipher.getAuthTag()]
  return Buffer.concat([MAGIC, Buffer.from(key.id, 'hex'), nonce, ...body])
}

/** Id of the key a value is sealed with; undefined for one in the clear. */
export function sealedWith(value: Uint8Array): string | undefined {
  const head = Buffer.from(value.buffer, value.byteOffset, Math.min(value.byteLength, HEAD_BYTES))
  if (head.length < HEAD_BYTES || !head.subarray(0, MAGIC.length).equals(MAGIC)) return undefined
  return head.toString('hex', MAGIC.length, MAGIC.length + ID_BYTES)
}

/** Throws when key, place or value are not those it was sealed with. */
export function openSealedValue(key: Uint8Array, place: string, sealed: Uint8Array): Uint8Array {
  const nonce = sealed.subarray(MAGIC.length + ID_BYTES, HEAD_BYTES)
  const end = sealed.byteLength - TAG_BYTES
  if (end < HEAD_BYTES) throw new Error('it is cut short')
  const decipher = createDecipheriv(ALGORITHM, key, nonce, { authTagLength: TAG_BYTES })
  decipher.setAAD(Buffer.from(place))
  decipher.setAuthTag(sealed.subarray(end))
  // A copy of its own, since Buffer.concat may take it from the pool.
  return new Uint8Array(
    Buffer.concat([decipher.update(sealed.subarray(HEAD_BYTES, end)), decipher.final()]),
  )
}
