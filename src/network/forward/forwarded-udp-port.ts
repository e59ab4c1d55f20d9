// One UDP port on 127.0.0.1 that leads to a load balancer. UDP has no connections: what one client sends
// from one port is a flow, which keeps its backend until nothing came for a while.
import { createSocket, type RemoteInfo, type Socket } from 'node:dgram'
import type { Timer } from '#base/clock.ts'
import { BackendPool, backendKey } from './backend-pool.ts'
import { forwardLimits } from './forward-limits.ts'
import type { Forward, ForwarderOptions } from './forwarded-port.ts'

interface Flow {
  toBackend: Socket
  /** Key in the pool; undefined for the load balancer's own address, behind which the kernel chooses. */
  backend: string | undefined
  lastMs: number
  /** What came before the socket was ready. */
  waiting: Buffer[]
  isReady: boolean
}

const NOBODY: ReadonlySet<string> = new Set()

export class ForwardedUdpPort {
  readonly #options: ForwarderOptions
  readonly #pool: BackendPool
  readonly #flows = new Map<string, Flow>()
  #forward: Forward
  #reply: ((bytes: Buffer, to: RemoteInfo) => void) | undefined
  #sweep: Timer | undefined
  #isFull = false

  constructor(forward: Forward, options: ForwarderOptions) {
    this.#options = options
    this.#pool = new BackendPool(options.clock)
    this.#forward = forward
    this.update(forward)
  }

  /** Flows of backends that take nothing new end: their next datagram finds another backend. */
  update(forward: Forward): void {
    this.#forward = forward
    this.#pool.update(forward.backends ?? [], forward.isSticky === true)
    if (forward.backends === undefined) return
    for (const [key, { backend }] of this.#flows)
      if (backend === undefined || !this.#pool.takesNew(backend)) this.#end(key)
  }

  /** Forwards a datagram; `reply` sends an answer back from the port it came to. */
  accept(bytes: Buffer, from: RemoteInfo, reply: (bytes: Buffer, to: RemoteInfo) => void): void {
    this.#reply = reply
    const key = backendKey(from)
    const flow = this.#flows.get(key) ?? this.#open(key, from)
    if (flow === undefined) return
    flow.lastMs = this.#options.clock.monotonic()
    if (flow.isReady) flow.toBackend.send(bytes)
    else if (flow.waiting.length < forwardLimits.datagramsWaitingMax) flow.waiting.push(bytes)
  }

  get isIdle(): boolean {
    return this.#flows.size === 0
  }

  destroy(): void {
    this.#sweep?.cancel()
    for (const key of this.#flows.keys()) this.#end(key)
  }

  #open(key: string, from: RemoteInfo): Flow | undefined {
    const { clock, log } = this.#options
    if (this.#flows.size >= forwardLimits.udpFlowsPerPortMax) {
      if (!this.#isFull)
        log.warn('too many UDP clients at once, new ones wait for old ones to end', {
          port: this.#forward.hostPort,
        })
      this.#isFull = true
      return undefined
    }
    const { backends, address, port } = this.#forward
    const chosen =
      backends === undefined ? { address, port } : this.#pool.choose(from.address, NOBODY)
    if (chosen === undefined) return undefined
    const flow: Flow = {
      toBackend: createSocket('udp4'),
      backend: backends === undefined ? undefined : backendKey(chosen),
      lastMs: clock.monotonic(),
      waiting: [],
      isReady: false,
    }
    this.#flows.set(key, flow)
    if (flow.backend !== undefined) this.#pool.joined(flow.backend)
    flow.toBackend.on('message', (bytes) => {
      flow.lastMs = clock.monotonic()
      this.#reply?.(bytes, from)
    })
    // Nobody listens there, or the way is gone: the next datagram of this client tries another backend.
    flow.toBackend.on('error', (error) => {
      log.debug('a UDP backend refuses', { backend: backendKey(chosen), error })
      if (flow.backend !== undefined) this.#pool.suspect(flow.backend)
      if (this.#flows.get(key) === flow) this.#end(key)
    })
    flow.toBackend.connect(chosen.port, chosen.address, () => {
      if (this.#flows.get(key) !== flow) return
      flow.isReady = true
      for (const bytes of flow.waiting.splice(0)) flow.toBackend.send(bytes)
    })
    this.#sweepOn()
    return flow
  }

  #end(key: string): void {
    const flow = this.#flows.get(key)
    if (flow === undefined) return
    this.#flows.delete(key)
    this.#isFull = false
    if (flow.backend !== undefined) this.#pool.left(flow.backend)
    flow.toBackend.close()
  }

  #sweepOn(): void {
    this.#sweep ??= this.#options.clock.after(forwardLimits.udpSweepMs, () => {
      this.#sweep = undefined
      const before = this.#options.clock.monotonic() - forwardLimits.udpIdleMs
      for (const [key, { lastMs }] of this.#flows) if (lastMs < before) this.#end(key)
      if (this.#flows.size > 0) this.#sweepOn()
    })
  }
}
