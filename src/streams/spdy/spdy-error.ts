/** The peer does not keep to SPDY/3.1, or to a bound of ours: its connection cannot go on. */
export class SpdyError extends Error {
  constructor(message: string, options?: { cause: unknown }) {
    super(`SPDY: ${message}`, options)
    this.name = 'SpdyError'
  }
}
