// One end of a SPDY/3.1 connection over any Duplex, client or server. Without flow control windows: no
// peer in Kubernetes has them (docs/decisions/0010); a slow reader holds up the connection instead.
import type { Duplex } from 'node:stream'
import type { Clock } from '#base/clock.ts'
import { keepAlive, type KeepAlive } from '../keep-alive.ts'
import { streamLimits } from '../limits.ts'
import { FrameReader, type SpdyFrame } from './frame-reader.ts'
import * as frames from './frames.ts'
import { HeaderReader, type SpdyHeaders, HeaderWriter } from './header-block.ts'
import { SpdyError } from './spdy-error.ts'
import { SpdyStream, type StreamLink } from './spdy-stream.ts'

/** Takes a stream the peer opens, by its headers; undefined refuses it. */
export type AcceptStream = (headers: SpdyHeaders) => ((stream: SpdyStream) => void) | undefined

export interface SpdyConnectionOptions {
  /** Belongs to the connection from now on. */
  transport: Duplex
  role: 'client' | 'server'
  accept?: AcceptStream
  clock: Clock
}

interface Opening {
  stream: SpdyStream
  resolve: (stream: SpdyStream) => void
  reject: (error: Error) => void
}

export class SpdyConnection {
  /** Resolves when the connection is gone, for whatever reason. */
  readonly closed: Promise<void>
  readonly #transport: Duplex
  readonly #accept: AcceptStream
  readonly #clock: Clock
  readonly #streams = new Map<number, SpdyStream>()
  readonly #opening = new Map<number, Opening>()
  readonly #frameReader = new FrameReader()
  readonly #headerReader = new HeaderReader()
  readonly #headerWriter = new HeaderWriter()
  readonly #keepAlive: KeepAlive
  #nextId: number
  #nextPing: number
  #lastPeerId = 0
  #isClosing = false
  #peerGoesAway = false
  #error: Error | undefined
  readonly #over = Promise.withResolvers<void>()
  /** All that came was given to its streams. */
  #hasRead = false

  constructor({ transport, role, accept, clock }: SpdyConnectionOptions) {
    this.#transport = transport
    this.#accept = accept ?? (() => undefined)
    this.#clock = clock
    this.#nextId = role === 'client' ? 1 : 2
    this.#nextPing = this.#nextId
    this.#keepAlive = keepAlive({
      clock,
      ping: () => this.#ping(),
      dead: (error) => this.destroy(error),
    })
    this.closed = this.#over.promise
    if (transport.closed) this.#gone()
    else transport.once('close', () => this.#gone())
    transport.on('error', (error: Error) => (this.#error ??= error))
    void this.#run()
  }

  /** Why the connection ended, if not by a goodbye. */
  get error(): Error | undefined {
    return this.#error
  }

  /** Opens a stream; resolves when the peer has accepted it: what is sent before may be dropped. */
  open(headers: SpdyHeaders): Promise<SpdyStream> {
    if (this.#isClosing || this.#peerGoesAway || this.#transport.destroyed)
      return Promise.reject(this.#error ?? new SpdyError('the connection is closed'))
    const id = this.#nextId
    this.#nextId += 2
    const stream = new SpdyStream({ id, headers, link: this.#link })
    this.#streams.set(id, stream)
    return new Promise((resolve, reject) => {
      const timer = this.#clock.after(streamLimits.streamCreationMs, () => {
        const error = new SpdyError('a stream was not accepted in time')
        stream.destroy()
        this.#failOpening(id, error)
      })
      this.#opening.set(id, {
        stream,
        resolve: (value) => {
          timer.cancel()
          resolve(value)
        },
        reject: (error) => {
          timer.cancel()
          reject(error)
        },
      })
      this.#control(frames.synStream(id, this.#headerWriter.write(headers)))
    })
  }

  /** Says goodbye after what was written; the peer has a while to close. */
  close(): void {
    // Who says goodbye wants nothing more of what came.
    if (this.#transport.closed) return this.#end()
    if (this.#isClosing || this.#transport.destroyed) return
    this.#isClosing = true
    this.#control(frames.goAway(this.#lastPeerId))
    this.#transport.end()
    const timer = this.#clock.after(streamLimits.closeGraceMs, () => this.destroy())
    void this.closed.then(() => timer.cancel())
  }

  destroy(error?: Error): void {
    this.#error ??= error
    this.#transport.destroy()
    if (this.#transport.closed) this.#end()
  }

  /**
   * The transport is closed. What it carried before its end may still be on the way to its streams, held
   * up by a slow reader of another one; then the streams end behind that.
   */
  #gone(): void {
    this.#keepAlive.stop()
    if (this.#hasRead || !this.#transport.readableEnded) this.#end()
  }

  #end(): void {
    this.#endStreams()
    this.#over.resolve()
  }

  readonly #link: StreamLink = {
    sendData: (id, chunk, done) => this.#sendData(id, chunk, done),
    sendFin: (id, done) => this.#write(frames.dataHead(id, 0, true), done),
    sendReset: (id) => this.#control(frames.rstStream(id, frames.resetStatus.cancel)),
    forget: (stream) => this.#streams.delete(stream.id),
  }

  #sendData(id: number, chunk: Buffer, done: (error?: Error | null) => void): void {
    if (chunk.length === 0) return done()
    for (let at = 0; at < chunk.length; at += streamLimits.dataFrameBytesMax) {
      const part = chunk.subarray(at, at + streamLimits.dataFrameBytesMax)
      const isLast = at + part.length === chunk.length
      // In one piece: below may be WebSocket messages or TLS records, one for each write.
      const frame = Buffer.concat([frames.dataHead(id, part.length, false), part])
      this.#write(frame, isLast ? done : () => undefined)
    }
  }

  /** A connection that is gone takes everything: its streams end by themselves. */
  #write(bytes: Buffer, done: (error?: Error | null) => void): void {
    if (this.#transport.destroyed || this.#transport.writableEnded) return done()
    this.#transport.write(bytes, () => done())
  }

  #control(frame: Buffer): void {
    if (this.#transport.destroyed || this.#transport.writableEnded) return
    this.#transport.write(frame)
  }

  #ping(): void {
    this.#control(frames.ping(this.#nextPing))
    this.#nextPing = (this.#nextPing + 2) & frames.STREAM_ID_MAX
  }

  async #run(): Promise<void> {
    try {
      for await (const chunk of this.#transport as AsyncIterable<Buffer>) {
        this.#keepAlive.heard()
        for (const frame of this.#frameReader.read(chunk)) {
          const room = this.#handle(frame)
          if (room === undefined) continue
          this.#keepAlive.pause()
          await room
          this.#keepAlive.resume()
        }
      }
    } catch (error) {
      this.#error ??= error as Error
    }
    this.#hasRead = true
    this.destroy()
  }

  /** A promise when nothing more shall be read until it resolves. */
  #handle(frame: SpdyFrame): Promise<void> | undefined {
    switch (frame.type) {
      case 'data':
        return this.#data(frame)
      case 'syn-stream':
        this.#peerOpens(frame)
        return undefined
      case 'syn-reply':
        this.#headerReader.read(frame.block)
        this.#opened(frame.id)
        if (frame.fin) this.#streams.get(frame.id)?.receiveEnd()
        return undefined
      case 'headers':
        this.#headerReader.read(frame.block)
        if (frame.fin) this.#streams.get(frame.id)?.receiveEnd()
        return undefined
      case 'rst-stream':
        this.#streams.get(frame.id)?.receiveReset()
        this.#failOpening(frame.id, new SpdyError(`a stream was refused, status ${frame.status}`))
        return undefined
      case 'ping':
        if (frame.id % 2 !== this.#nextPing % 2) this.#answer(frames.ping(frame.id))
        return undefined
      case 'go-away':
        this.#peerGoesAway = true
        return undefined
      case 'other':
        return undefined
    }
  }

  #data({ id, chunk, fin }: SpdyFrame & { type: 'data' }): Promise<void> | undefined {
    const stream = this.#streams.get(id)
    if (stream !== undefined) return stream.receive(chunk, fin)
    // It may be one that we reset a moment ago; only one that never was is a mistake of the peer.
    if (id % 2 !== this.#nextId % 2 && id > this.#lastPeerId)
      this.#answer(frames.rstStream(id, frames.resetStatus.invalidStream))
    return undefined
  }

  #peerOpens({ id, fin, block, unidirectional }: SpdyFrame & { type: 'syn-stream' }): void {
    // Read even when the stream is refused: the packing of the next block builds on it.
    const headers = this.#headerReader.read(block)
    if (this.#isClosing) return
    if (id % 2 === this.#nextId % 2 || id <= this.#lastPeerId)
      return this.#answer(frames.rstStream(id, frames.resetStatus.protocolError))
    this.#lastPeerId = id
    const isFull = this.#streams.size >= streamLimits.streamsMax
    const take = isFull ? undefined : this.#accept(headers)
    if (take === undefined)
      return this.#answer(frames.rstStream(id, frames.resetStatus.refusedStream))
    const stream = new SpdyStream({ id, headers, link: this.#link })
    this.#streams.set(id, stream)
    if (!unidirectional) this.#answer(frames.synReply(id, this.#headerWriter.write(new Map())))
    if (fin) stream.receiveEnd()
    take(stream)
  }

  /** What the peer makes us send: held against one that asks and does not read. */
  #answer(frame: Buffer): void {
    if (this.#transport.writableLength > streamLimits.unreadControlBytesMax) {
      const isStuck = this.#unread > streamLimits.unreadControlBytesMax
      if (isStuck) return this.destroy(new SpdyError('the peer does not read our answers'))
      this.#unread += frame.length
    } else {
      this.#unread = 0
    }
    this.#control(frame)
  }

  /** Bytes of answers sent while the peer was not reading. */
  #unread = 0

  #opened(id: number): void {
    const opening = this.#opening.get(id)
    this.#opening.delete(id)
    opening?.resolve(opening.stream)
  }

  #failOpening(id: number, error: Error): void {
    const opening = this.#opening.get(id)
    this.#opening.delete(id)
    opening?.reject(error)
  }

  #endStreams(): void {
    const error = this.#error ?? new SpdyError('the connection was closed')
    for (const id of this.#opening.keys()) this.#failOpening(id, error)
    for (const stream of this.#streams.values()) stream.receiveReset()
    this.#streams.clear()
  }
}
