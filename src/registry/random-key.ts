// Unguessable names for upload sessions and objects.
import { hash } from 'node:crypto'
import type { Random } from '#base/random.ts'

/** 128 random bits as 32 hexadecimal digits; a UUID alone has only 122. */
export function randomKey(random: Random): string {
  return hash('sha256', random.uuid() + random.uuid(), 'hex').slice(0, 32)
}
