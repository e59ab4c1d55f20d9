// Randomness as a parameter: the product uses `systemRandom`, tests and the simulation `seededRandom`.
import { randomBytes, randomUUID } from 'node:crypto'

export interface Random {
  /** A number in [0, 1). */
  next(): number
  /** A version 4 UUID. */
  uuid(): string
  /** `length` characters of the alphabet Kubernetes uses for generated names. */
  suffix(length: number): string
}

// No vowels and no 0, 1, 3: generated names must not spell words (k8s.io/apimachinery/util/rand).
const NAME_ALPHABET = 'bcdfghjklmnpqrstvwxz2456789'

function suffixFrom(next: () => number, length: number): string {
  let out = ''
  for (let i = 0; i < length; i++) out += NAME_ALPHABET[Math.floor(next() * NAME_ALPHABET.length)]
  return out
}

const systemNext = () => randomBytes(6).readUIntBE(0, 6) / 2 ** 48

export const systemRandom: Random = {
  next: systemNext,
  uuid: () => randomUUID(),
  suffix: (length) => suffixFrom(systemNext, length),
}

/** A generator whose whole sequence follows from the seed (mulberry32). */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = state
    t = Math.imul(t ^ (t >>> 15), t | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
  const hex = (digits: number) => {
    let out = ''
    for (let i = 0; i < digits; i++) out += Math.floor(next() * 16).toString(16)
    return out
  }
  return {
    next,
    uuid: () => `${hex(8)}-${hex(4)}-4${hex(3)}-a${hex(3)}-${hex(12)}`,
    suffix: (length) => suffixFrom(next, length),
  }
}
