// Kubernetes' alphabet for generated names: no vowels, no digits that look like letters.
const ALPHABET = 'bcdfghjklmnpqrstvwxz2456789'

/** A name of up to ten characters for a text: FNV-1a in 32 bits, in the alphabet of generated names. */
export function shortHash(text: string): string {
  let hash = 0x811c9dc5
  for (const byte of Buffer.from(text)) hash = Math.imul(hash ^ byte, 0x01000193)
  const digits = String(hash >>> 0)
  return Array.from(digits, (digit) => ALPHABET[digit.charCodeAt(0) % ALPHABET.length]).join('')
}
