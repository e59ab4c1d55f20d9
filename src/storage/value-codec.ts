// How values look on disk. The store's memory holds them in the clear; what a codec does to them, such as encryption,
// is seen by the log, its copies and nobody else.

export interface ValueCodec {
  /** Keys that start with one of these have coded values; all others are stored as they are. */
  readonly prefixes: readonly string[]
  /** The value as it goes to disk. Throws when it cannot be coded: then the write is refused. */
  encode(key: string, value: Uint8Array): Uint8Array
  /** The value as it was. Throws when it cannot be read: then the store is not opened. */
  decode(key: string, stored: Uint8Array): Uint8Array
  /** Whether `encode` would still make it so; others are written anew by `Store.recode`. */
  isCurrent(key: string, stored: Uint8Array): boolean
}

export const plainCodec: ValueCodec = {
  prefixes: [],
  encode: (_key, value) => value,
  decode: (_key, stored) => stored,
  isCurrent: () => true,
}

export const isCoded = ({ prefixes }: Pick<ValueCodec, 'prefixes'>, key: string): boolean =>
  prefixes.some((prefix) => key.startsWith(prefix))
