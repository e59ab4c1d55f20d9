// Channels by number over one WebSocket, each a Duplex: what the servers and clients of all channel
// protocols are made of.
import { Duplex } from 'node:stream'
import type { WebSocket } from 'ws'
import type { Clock } from '#base/clock.ts'
import { type KeepAlive, keepAlive } from '../keep-alive.ts'
import { streamLimits } from '../limits.ts'
import { decodeMessage, encodeMessage, type MessageEncoding } from './message-codec.ts'

/** Its only byte names the channel that ends. */
export const CLOSE_CHANNEL = 255

const NORMAL_CLOSURE = 1000
const PROTOCOL_ERROR = 1002

export interface ChannelMultiplexerOptions {
  /** Belongs to the multiplexer from now on. */
  socket: WebSocket
  encoding: MessageEncoding
  /** Whether a channel that we end is told of by the CLOSE channel. */
  sendsClose: boolean
  /** Whether the peer may end a channel by the CLOSE channel. */
  takesClose: boolean
  clock: Clock
}

type Done = (error?: Error | null) => void

class Channel extends Duplex {
  readonly #send: (chunk: Buffer, done: Done) => void
  readonly #end: (done: Done) => void
  readonly #wanted: () => void
  #hasEnded = false

  constructor(link: {
    send: (chunk: Buffer, done: Done) => void
    end: (done: Done) => void
    wanted: () => void
  }) {
    super({ highWaterMark: streamLimits.streamBufferBytesMax })
    this.#send = link.send
    this.#end = link.end
    this.#wanted = link.wanted
  }

  /** False when nothing more shall come until `wanted` is called. */
  receive(data: Buffer): boolean {
    return this.#hasEnded || this.destroyed || data.length === 0 || this.push(data)
  }

  receiveEnd(): void {
    if (this.#hasEnded || this.destroyed) return
    this.#hasEnded = true
    this.push(null)
  }

  override _read(): void {
    this.#wanted()
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: Done): void {
    this.#send(chunk, done)
  }

  override _final(done: Done): void {
    this.#end(done)
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#wanted()
    done(error)
  }
}

export class ChannelMultiplexer {
  readonly closed: Promise<void>
  readonly #options: ChannelMultiplexerOptions
  readonly #channels = new Map<number, Channel>()
  /** Channels whose reader is behind: nothing is read while there are any. */
  readonly #full = new Set<number>()
  readonly #keepAlive: KeepAlive
  #error: Error | undefined

  constructor(options: ChannelMultiplexerOptions) {
    const { socket, clock } = options
    this.#options = options
    this.#keepAlive = keepAlive({
      clock,
      ping: () => socket.readyState === socket.OPEN && socket.ping(),
      dead: (error) => this.destroy(error),
    })
    socket.on('error', (error) => (this.#error ??= error))
    socket.on('ping', () => this.#keepAlive.heard())
    socket.on('pong', () => this.#keepAlive.heard())
    socket.on('message', (data, isBinary) => this.#message(data as Buffer, isBinary))
    this.closed = new Promise((resolve) =>
      socket.once('close', () => {
        this.#keepAlive.stop()
        for (const channel of this.#channels.values()) channel.receiveEnd()
        resolve()
      }),
    )
  }

  /** Why the connection ended, if not in peace. */
  get error(): Error | undefined {
    return this.#error
  }

  channel(number: number): Duplex {
    const known = this.#channels.get(number)
    if (known !== undefined) return known
    const channel = new Channel({
      send: (chunk, done) => this.#sendAll(number, chunk, done),
      end: (done) => {
        if (!this.#options.sendsClose) return done()
        this.#send(CLOSE_CHANNEL, Buffer.from([number]), done)
      },
      wanted: () => this.#wanted(number),
    })
    this.#channels.set(number, channel)
    return channel
  }

  /** An empty message: shows a client that waits for a first one that the channel is there. */
  announce(number: number): void {
    this.#send(number, Buffer.alloc(0), () => undefined)
  }

  close(): void {
    const { socket, clock } = this.#options
    // What a slow reader has not taken is not needed any more, the peer's goodbye is.
    this.#full.clear()
    socket.resume()
    socket.close(NORMAL_CLOSURE)
    const timer = clock.after(streamLimits.closeGraceMs, () => socket.terminate())
    void this.closed.then(() => timer.cancel())
  }

  destroy(error?: Error): void {
    this.#error ??= error
    this.#options.socket.terminate()
  }

  #sendAll(number: number, chunk: Buffer, done: Done): void {
    if (chunk.length === 0) return done()
    for (let at = 0; at < chunk.length; at += streamLimits.dataFrameBytesMax) {
      const part = chunk.subarray(at, at + streamLimits.dataFrameBytesMax)
      this.#send(number, part, at + part.length === chunk.length ? done : () => undefined)
    }
  }

  #send(channel: number, data: Buffer, done: Done): void {
    const { socket, encoding } = this.#options
    // A connection that is gone takes everything; its end is told by `closed`.
    if (socket.readyState !== socket.OPEN) return done()
    socket.send(encodeMessage({ channel, data }, encoding), () => done())
  }

  #message(data: Buffer, isBinary: boolean): void {
    this.#keepAlive.heard()
    const { encoding, takesClose, socket } = this.#options
    const message = decodeMessage(data, encoding)
    if (message === undefined) {
      // Some clients keep a connection busy with empty messages.
      if (data.length > 0) socket.close(PROTOCOL_ERROR, `no message of a ${encoding} channel`)
      return
    }
    if (message.channel === CLOSE_CHANNEL && takesClose && isBinary) {
      for (const number of message.data) this.#channels.get(number)?.receiveEnd()
      return
    }
    const channel = this.#channels.get(message.channel)
    if (channel === undefined || channel.receive(message.data)) return
    this.#full.add(message.channel)
    this.#keepAlive.pause()
    socket.pause()
  }

  #wanted(number: number): void {
    if (!this.#full.delete(number) || this.#full.size > 0) return
    this.#keepAlive.resume()
    this.#options.socket.resume()
  }
}
