// The kinds whose objects are encrypted on disk.
import { prefixFor } from '../resources.ts'

const ENCRYPTED_KINDS: readonly { group: string; plural: string }[] = [
  { group: '', plural: 'secrets' },
]

/** Prefixes of their keys in a store. */
export const encryptedPrefixes: readonly string[] = ENCRYPTED_KINDS.map(({ group, plural }) =>
  prefixFor(group, plural),
)
