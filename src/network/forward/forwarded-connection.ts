// One client of a forwarded port. Its bytes go to a backend and back, unchanged. When the backend
// leaves or breaks and HTTP/1 tells that nothing would be lost, the client is joined to another one.
import type { Socket } from 'node:net'
import type { Clock, Timer } from '#base/clock.ts'
import { describeError, type Logger } from '#base/log.ts'
import { type BackendPool, backendKey } from './backend-pool.ts'
import { dial } from './dial.ts'
import { forwardLimits } from './forward-limits.ts'
import { Http1Exchange } from './http1-exchange.ts'

/** What a connection must know of its port. */
export interface ConnectionContext {
  pool: BackendPool
  /** Where the kernel finds a backend; used while the backends are not known. */
  balancer: { address: string; port: number }
  /** Whether the backends of this port are known. */
  knowsBackends: () => boolean
  clock: Clock
  log: Logger
}

interface Upstream {
  socket: Socket
  /** Of the backend; undefined when the kernel chose it. */
  key: string | undefined
}

interface DialTarget {
  address: string
  port: number
  /** Of the backend; undefined for the load balancer. */
  key: string | undefined
  timeoutMs: number
}

export class ForwardedConnection {
  readonly #client: Socket
  readonly #port: ConnectionContext
  readonly #exchange = new Http1Exchange()
  readonly #closed = new AbortController()
  #upstream: Upstream | undefined
  #isDialling = false
  /** Client's bytes that no backend has got yet. */
  #waiting: Buffer[] = []
  #clientHasEnded = false
  #replays = 0
  /** Ends a client that is joined to no backend and asks nothing. */
  #idle: Timer | undefined
  /** When the request under way was sent last; undefined when none waits for an answer. */
  #askedAtMs: number | undefined

  constructor(client: Socket, port: ConnectionContext) {
    this.#client = client
    this.#port = port
    client.on('error', (error) => port.log.debug('forwarded client broke', { error }))
    client.on('data', (chunk: Buffer) => this.#fromClient(chunk))
    client.on('end', () => this.#clientEnded())
    client.on('close', () => this.#clientClosed())
    // Not at the first byte: in some protocols the server speaks first.
    this.#join(new Set())
  }

  /** The backend that has something to answer, and since when. */
  get waitsFor(): { key: string; sinceMs: number } | undefined {
    const key = this.#upstream?.key
    return key === undefined || this.#askedAtMs === undefined
      ? undefined
      : { key, sinceMs: this.#askedAtMs }
  }

  /** The backend it is joined to. */
  get backend(): string | undefined {
    return this.#upstream?.key
  }

  /** The backends changed: one that takes no new connection is left as soon as nothing is lost by it. */
  backendsChanged(): void {
    const { pool } = this.#port
    const key = this.#upstream?.key
    if (key === undefined || pool.takesNew(key) || !pool.isOpen) return
    const { state } = this.#exchange
    if (state !== 'idle' && state !== 'fresh') return
    this.#leave()
    if (state === 'fresh') this.#join(new Set())
  }

  /** Nobody is there any more at its backend: what can be saved is, the rest is broken off. */
  backendDied(): void {
    const { state } = this.#exchange
    if (state === 'idle') this.#leave()
    else this.#broke(new Error('the backend does not answer any more'))
  }

  destroy(): void {
    this.#client.destroy()
  }

  #fromClient(chunk: Buffer): void {
    this.#exchange.fromClient(chunk)
    this.#askedAtMs = this.#port.clock.monotonic()
    if (this.#upstream !== undefined) return this.#pass(chunk, this.#client, this.#upstream.socket)
    this.#waiting.push(chunk)
    this.#client.pause()
    this.#replays = 0
    this.#join(new Set())
  }

  #pass(chunk: Buffer, from: Socket, to: Socket): void {
    if (to.write(chunk) || from.isPaused()) return
    from.pause()
    to.once('drain', () => from.resume())
  }

  #clientEnded(): void {
    this.#clientHasEnded = true
    if (this.#upstream !== undefined) this.#upstream.socket.end()
    else if (!this.#isDialling) this.#client.end()
  }

  #clientClosed(): void {
    this.#idle?.cancel()
    this.#closed.abort(new Error('the client went away'))
    const upstream = this.#release()
    if (upstream === undefined) return
    const isWhole = this.#client.readableEnded && this.#client.writableFinished
    if (isWhole) upstream.socket.end()
    else upstream.socket.resetAndDestroy()
  }

  /** Dials backends until one takes the connection; turns the client away when none does. */
  #join(except: ReadonlySet<string>): void {
    if (this.#isDialling || this.#client.destroyed) return
    this.#isDialling = true
    this.#client.pause()
    this.#findUpstream(except).then(
      (upstream) => {
        this.#isDialling = false
        if (upstream !== undefined) this.#joined(upstream)
        else this.#client.resetAndDestroy()
      },
      (error: unknown) => {
        this.#port.log.error('forwarding failed', { error })
        this.#client.destroy()
      },
    )
  }

  async #findUpstream(except: ReadonlySet<string>): Promise<Upstream | undefined> {
    const { clock, log } = this.#port
    const tried = new Set(except)
    let last: unknown = new Error('no backend takes connections')
    for (const pauseMs of [0, ...forwardLimits.retryDelaysMs]) {
      if (pauseMs > 0) await clock.sleep(pauseMs)
      // All that there are in turn; after a pause all of them again.
      for (let isFirst = true; !this.#client.destroyed; isFirst = false) {
        const target = this.#nextTarget(tried, isFirst)
        if (target === undefined) break
        try {
          return await this.#dialTarget(target)
        } catch (error) {
          last = error
          if (target.key === undefined || this.#client.destroyed) continue
          tried.add(target.key)
          this.#port.pool.suspect(target.key)
        }
      }
      if (this.#client.destroyed) return undefined
      tried.clear()
    }
    log.debug('forward failed', { to: this.#port.balancer, because: describeError(last) })
    return undefined
  }

  #nextTarget(tried: ReadonlySet<string>, isFirst: boolean): DialTarget | undefined {
    const { pool, balancer, knowsBackends } = this.#port
    if (!knowsBackends())
      return isFirst
        ? { ...balancer, key: undefined, timeoutMs: forwardLimits.balancerConnectTimeoutMs }
        : undefined
    const backend = pool.choose(this.#client.remoteAddress ?? '', tried)
    if (backend === undefined) return undefined
    const { address, port } = backend
    const timeoutMs = forwardLimits.connectTimeoutMs
    return { address, port, key: backendKey(backend), timeoutMs }
  }

  async #dialTarget(target: DialTarget): Promise<Upstream> {
    const { signal } = this.#closed
    const { clock } = this.#port
    const socket = await dial(target, { clock, timeoutMs: target.timeoutMs, signal })
    return { socket, key: target.key }
  }

  #joined(upstream: Upstream): void {
    const { socket, key } = upstream
    if (this.#client.destroyed) return void socket.destroy()
    this.#upstream = upstream
    if (key !== undefined) this.#port.pool.joined(key)
    const ifJoined = (act: () => void) => {
      if (this.#upstream?.socket === socket) act()
    }
    socket.on('data', (chunk: Buffer) => ifJoined(() => this.#fromServer(chunk, socket)))
    socket.on('end', () => ifJoined(() => this.#serverEnded()))
    socket.on('error', (error) => ifJoined(() => this.#broke(error)))
    socket.on('close', () => ifJoined(() => this.#serverClosed(socket)))
    this.#idle?.cancel()
    if (this.#waiting.length > 0) this.#askedAtMs = this.#port.clock.monotonic()
    let hasRoom = true
    for (const chunk of this.#waiting) hasRoom = socket.write(chunk)
    this.#waiting = []
    if (this.#clientHasEnded) socket.end()
    if (hasRoom) this.#client.resume()
    else socket.once('drain', () => this.#client.resume())
    // It may have begun to leave while it was dialled.
    this.backendsChanged()
  }

  #fromServer(chunk: Buffer, socket: Socket): void {
    this.#askedAtMs = undefined
    this.#exchange.fromServer(chunk)
    this.#pass(chunk, socket, this.#client)
    if (this.#exchange.state === 'idle') this.#replays = 0
    this.backendsChanged()
  }

  /** The server sends no more. Between two requests that is its good right and no end for the client. */
  #serverEnded(): void {
    if (this.#exchange.state === 'idle' && this.#upstream?.key !== undefined) return this.#leave()
    if (this.#replay()) return
    this.#endClient()
  }

  /** What was sent to the client is still read by it. */
  #endClient(): void {
    this.#client.end()
    const linger = this.#port.clock.after(forwardLimits.lingerMs, () => this.#client.destroy())
    this.#client.once('close', () => linger.cancel())
  }

  #serverClosed(socket: Socket): void {
    // What ended in order leaves the client to read what it has not read yet.
    if (socket.readableEnded && socket.writableFinished) this.#release()
    else this.#broke(new Error('the backend broke the connection'))
  }

  #broke(error: Error): void {
    const { state } = this.#exchange
    if (state === 'idle' && this.#upstream?.key !== undefined) return this.#leave()
    // A reset would take from the client what it has not read yet.
    if (state === 'done') {
      this.#release()?.socket.destroy()
      return this.#endClient()
    }
    if (state === 'fresh' && this.#joinAnother()) return
    if (this.#replay()) return
    this.#port.log.debug('forwarded connection broke', { error, state })
    this.#release()?.socket.destroy()
    // An orderly end would hide from the client that its answer was cut off.
    this.#client.resetAndDestroy()
  }

  /** Sends the request under way to another backend; false when it may not be sent twice. */
  #replay(): boolean {
    const { replay } = this.#exchange
    if (replay === undefined || !this.#joinAnother()) return false
    this.#exchange.restartAnswer()
    this.#waiting = [...replay]
    return true
  }

  /** Leaves a backend that failed for another one; false when that was tried too often. */
  #joinAnother(): boolean {
    const failed = this.#upstream?.key
    if (failed === undefined || this.#replays >= forwardLimits.replaysMax) return false
    this.#replays++
    this.#port.pool.suspect(failed)
    this.#release()?.socket.destroy()
    this.#join(new Set([failed]))
    return true
  }

  /** Parts from the backend in peace; the next request finds another one. */
  #leave(): void {
    const socket = this.#release()?.socket
    if (socket === undefined) return
    socket.resume().end()
    const farewell = this.#port.clock.after(forwardLimits.farewellMs, () => socket.destroy())
    socket.once('close', () => farewell.cancel())
    this.#client.resume()
    if (this.#clientHasEnded) return void this.#client.end()
    this.#idle?.cancel()
    this.#idle = this.#port.clock.after(forwardLimits.detachedMs, () => {
      if (this.#upstream === undefined && !this.#isDialling) this.#client.end()
    })
  }

  /** Takes the backend's connection away from the client; what it still says matters to nobody. */
  #release(): Upstream | undefined {
    const upstream = this.#upstream
    this.#upstream = undefined
    this.#askedAtMs = undefined
    if (upstream?.key !== undefined) this.#port.pool.left(upstream.key)
    for (const event of ['data', 'end', 'drain']) upstream?.socket.removeAllListeners(event)
    return upstream
  }
}
