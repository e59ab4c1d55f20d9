// One port on 127.0.0.1 that leads to a load balancer: its backends and its connections.
import type { Socket } from 'node:net'
import type { Clock, Timer } from '#base/clock.ts'
import type { Logger } from '#base/log.ts'
import { BackendPool, type ForwardBackend } from './backend-pool.ts'
import { dial, isNobodyThere } from './dial.ts'
import { forwardLimits } from './forward-limits.ts'
import { ForwardedConnection } from './forwarded-connection.ts'

export interface Forward {
  hostPort: number
  /** The load balancer. */
  address: string
  port: number
  /** TCP unless given. */
  protocol?: 'TCP' | 'UDP'
  /** Undefined while they are not known: then the kernel chooses behind the load balancer's address. */
  backends?: readonly ForwardBackend[]
  /** Session affinity: a client keeps its backend. */
  isSticky?: boolean
}

export interface ForwarderOptions {
  clock: Clock
  log: Logger
}

/** What became of the question whether a backend is there. */
interface Asked {
  /** In a row without an answer. */
  failures: number
  nextAtMs: number
  isUnderWay: boolean
}

export class ForwardedPort {
  readonly pool: BackendPool
  readonly #options: ForwarderOptions
  readonly #connections = new Set<ForwardedConnection>()
  readonly #asked = new Map<string, Asked>()
  readonly #stopped = new AbortController()
  #forward: Forward
  #watch: Timer | undefined

  constructor(forward: Forward, options: ForwarderOptions) {
    this.#options = options
    this.pool = new BackendPool(options.clock)
    this.#forward = forward
    this.update(forward)
  }

  update(forward: Forward): void {
    this.#forward = forward
    this.pool.update(forward.backends ?? [], forward.isSticky === true)
    if (forward.backends === undefined) return
    for (const connection of this.#connections) connection.backendsChanged()
  }

  accept(client: Socket): void {
    const { clock, log } = this.#options
    const { address, port } = this.#forward
    const connection = new ForwardedConnection(client, {
      pool: this.pool,
      balancer: { address, port },
      knowsBackends: () => this.#forward.backends !== undefined,
      clock,
      log,
    })
    this.#connections.add(connection)
    client.once('close', () => this.#connections.delete(connection))
    this.#watchOn()
  }

  get isIdle(): boolean {
    return this.#connections.size === 0
  }

  destroy(): void {
    this.#watch?.cancel()
    this.#stopped.abort(new Error('forwarding ends'))
    for (const connection of this.#connections) connection.destroy()
  }

  /** Looks after the connections for as long as there are any. */
  #watchOn(): void {
    if (this.#watch !== undefined || this.#stopped.signal.aborted) return
    this.#watch = this.#options.clock.after(forwardLimits.watchMs, () => {
      this.#watch = undefined
      if (this.#connections.size === 0) return this.#asked.clear()
      const doubtful = this.#doubtful()
      for (const key of this.#asked.keys()) if (!doubtful.has(key)) this.#asked.delete(key)
      for (const key of doubtful) this.#ask(key)
      this.#watchOn()
    })
  }

  /** Backends that may be dead: they left the service, or someone waits long for their answer. */
  #doubtful(): Set<string> {
    const late = this.#options.clock.monotonic() - forwardLimits.stallMs
    const keys = [...this.#connections].flatMap(({ backend, waitsFor }) => {
      if (backend === undefined) return []
      const isStalled = waitsFor !== undefined && waitsFor.sinceMs <= late
      return isStalled || !this.pool.takesNew(backend) ? [backend] : []
    })
    return new Set(keys)
  }

  /**
   * A dead machine sends nothing, not even that it is dead. One that no longer serves is believed to
   * be gone at the first silence, any other one at the second.
   */
  #ask(key: string): void {
    const { clock } = this.#options
    const asked = this.#asked.get(key) ?? { failures: 0, nextAtMs: 0, isUnderWay: false }
    this.#asked.set(key, asked)
    if (asked.isUnderWay || clock.monotonic() < asked.nextAtMs) return
    asked.isUnderWay = true
    const at = key.lastIndexOf(':')
    const target = { address: key.slice(0, at), port: Number(key.slice(at + 1)) }
    const timeoutMs = forwardLimits.connectTimeoutMs
    dial(target, { clock, timeoutMs, signal: this.#stopped.signal }).then(
      (socket) => {
        socket.destroy()
        this.#answered(asked)
      },
      (error: unknown) => {
        if (!isNobodyThere(error)) return this.#answered(asked)
        asked.isUnderWay = false
        asked.failures++
        this.pool.suspect(key)
        if (asked.failures > 1 || !this.pool.takesNew(key)) this.#died(key)
      },
    )
  }

  #answered(asked: Asked): void {
    asked.isUnderWay = false
    asked.failures = 0
    asked.nextAtMs = this.#options.clock.monotonic() + forwardLimits.askAgainMs
  }

  #died(key: string): void {
    this.#options.log.info('a backend does not answer any more', { backend: key })
    for (const connection of this.#connections)
      if (connection.backend === key) connection.backendDied()
  }
}
