import { Duplex } from 'node:stream'
import { streamLimits } from '../limits.ts'
import type { SpdyHeaders } from './header-block.ts'

/** What a stream asks of its connection. */
export interface StreamLink {
  sendData(id: number, chunk: Buffer, done: (error?: Error | null) => void): void
  sendFin(id: number, done: (error?: Error | null) => void): void
  sendReset(id: number): void
  forget(stream: SpdyStream): void
}

/**
 * One stream of a SPDY connection. Ending the writable side says so to the peer; destroying resets the
 * stream. A reset by the peer is the end of what can be read, and what is written after it goes nowhere.
 */
export class SpdyStream extends Duplex {
  readonly id: number
  readonly headers: SpdyHeaders
  readonly #link: StreamLink
  #wasReset = false
  #saidFin = false
  #heardFin = false
  #drained: (() => void) | undefined

  constructor(options: { id: number; headers: SpdyHeaders; link: StreamLink }) {
    super({ highWaterMark: streamLimits.streamBufferBytesMax })
    this.id = options.id
    this.headers = options.headers
    this.#link = options.link
  }

  /** The peer ended the stream by RST_STREAM. */
  get wasReset(): boolean {
    return this.#wasReset
  }

  /** For the connection: bytes came. Resolves when there is room for more; undefined: there is room now. */
  receive(chunk: Buffer, fin: boolean): Promise<void> | undefined {
    if (this.#heardFin || this.destroyed) return undefined
    const hasRoom = chunk.length === 0 || this.push(chunk)
    if (fin) this.receiveEnd()
    if (hasRoom || fin) return undefined
    return new Promise((resolve) => (this.#drained = resolve))
  }

  /** For the connection: nothing more will come. */
  receiveEnd(): void {
    if (this.#heardFin || this.destroyed) return
    this.#heardFin = true
    this.push(null)
    this.#releaseWaiting()
  }

  /** For the connection: the peer wants to know nothing more of this stream. */
  receiveReset(): void {
    if (this.#wasReset || this.destroyed) return
    this.#wasReset = true
    this.receiveEnd()
    this.emit('reset')
    // What is written from now on is dropped, so that ending costs nothing.
    if (!this.writableEnded) this.end()
  }

  override _read(): void {
    this.#releaseWaiting()
  }

  override _write(
    chunk: Buffer,
    _encoding: BufferEncoding,
    done: (error?: Error | null) => void,
  ): void {
    if (this.#wasReset) return done()
    this.#link.sendData(this.id, chunk, done)
  }

  override _final(done: (error?: Error | null) => void): void {
    this.#saidFin = true
    if (this.#wasReset) return done()
    this.#link.sendFin(this.id, done)
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    const isWhole = this.#saidFin && this.#heardFin
    if (!isWhole && !this.#wasReset) this.#link.sendReset(this.id)
    this.#link.forget(this)
    this.#releaseWaiting()
    done(error)
  }

  #releaseWaiting(): void {
    const drained = this.#drained
    this.#drained = undefined
    drained?.()
  }
}
