// A stream of JSON documents, one a line, as a watch sends them.

const NEWLINE = 0x0a

/** The documents of `chunks` as they become complete. Fails on one longer than `lineBytesMax`. */
export async function* jsonLines(
  chunks: AsyncIterable<Uint8Array>,
  lineBytesMax: number,
): AsyncGenerator<unknown, void> {
  // Pieces of the line that has not ended yet; joined once, so that a long line costs no more.
  let pieces: Uint8Array[] = []
  let size = 0
  for await (const chunk of chunks) {
    let start = 0
    for (let end = chunk.indexOf(NEWLINE); end >= 0; end = chunk.indexOf(NEWLINE, start)) {
      pieces.push(chunk.subarray(start, end))
      start = end + 1
      const text = Buffer.concat(pieces).toString('utf8')
      pieces = []
      size = 0
      if (text.trim() !== '') yield JSON.parse(text) as unknown
    }
    if (start < chunk.length) pieces.push(chunk.subarray(start))
    size += chunk.length - start
    if (size > lineBytesMax)
      throw new RangeError(`a line of the stream is longer than ${lineBytesMax} bytes`)
  }
  const rest = Buffer.concat(pieces).toString('utf8')
  // A stream cut in the middle of a document is a broken connection, not a short document.
  if (rest.trim() !== '') throw new Error('the stream ended in the middle of a line')
}
