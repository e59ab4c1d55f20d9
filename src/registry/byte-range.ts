// The two range headers: `Range` of downloads (RFC 9110 section 14.2) and the `Content-Range` of
// chunked uploads, which the distribution spec writes as "<start>-<end>", both inclusive.

export type ByteRange =
  | { type: 'whole' }
  | { type: 'part'; start: number; endExclusive: number }
  | { type: 'unsatisfiable' }

// 15 digits stay exact in a double.
const RANGE = /^bytes=(\d{0,15})-(\d{0,15})$/
const CONTENT_RANGE = /^(?:bytes )?(\d{1,15})-(\d{1,15})(?:\/(?:\*|\d{1,15}))?$/

/**
 * What a `Range` header asks of `size` bytes. Several ranges at once and what is no byte range
 * are ignored, as the RFC allows: the answer is then the whole.
 */
export function parseRange(header: string | undefined, size: number): ByteRange {
  const match = RANGE.exec(header?.replaceAll(' ', '') ?? '')
  if (match === null) return { type: 'whole' }
  const [first, last] = [match[1]!, match[2]!]
  if (first === '' && last === '') return { type: 'whole' }
  if (first === '') {
    const length = Math.min(Number(last), size)
    if (length === 0) return { type: 'unsatisfiable' }
    return { type: 'part', start: size - length, endExclusive: size }
  }
  const start = Number(first)
  const endExclusive = last === '' ? size : Math.min(Number(last) + 1, size)
  if (start >= endExclusive) return { type: 'unsatisfiable' }
  return { type: 'part', start, endExclusive }
}

/** Offset and length of an upload's chunk, or nothing when the header is malformed. */
export function parseContentRange(header: string): { start: number; length: number } | undefined {
  const match = CONTENT_RANGE.exec(header)
  if (match === null) return undefined
  const [start, end] = [Number(match[1]), Number(match[2])]
  return end < start ? undefined : { start, length: end - start + 1 }
}
