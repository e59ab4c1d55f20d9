// The backends of one forwarded port: which of them takes the next connection, and which of them
// are gone.
import { createHash } from 'node:crypto'
import type { Clock } from '#base/clock.ts'
import { forwardLimits } from './forward-limits.ts'

export interface ForwardBackend {
  address: string
  port: number
  /** False for one that is not ready or is leaving: it only finishes what it has begun. */
  takesNew: boolean
}

export const backendKey = ({ address, port }: { address: string; port: number }) =>
  `${address}:${port}`

export class BackendPool {
  readonly #clock: Clock
  #backends = new Map<string, ForwardBackend>()
  /** All connections of one client to one backend. */
  #isSticky = false
  readonly #connections = new Map<string, number>()
  readonly #suspectUntil = new Map<string, number>()
  /** Rises with each choice, so that equals take turns. */
  #turn = 0
  readonly #lastTurn = new Map<string, number>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  update(backends: readonly ForwardBackend[], isSticky: boolean): void {
    this.#backends = new Map(backends.map((backend) => [backendKey(backend), backend]))
    this.#isSticky = isSticky
    for (const book of [this.#suspectUntil, this.#lastTurn])
      for (const key of book.keys()) if (!this.#backends.has(key)) book.delete(key)
  }

  takesNew(key: string): boolean {
    return this.#backends.get(key)?.takesNew === true
  }

  /** Whether a connection would find a backend. */
  get isOpen(): boolean {
    return [...this.#backends.values()].some((backend) => backend.takesNew)
  }

  /** The backend with the fewest connections, those that failed a moment ago last. */
  choose(client: string, except: ReadonlySet<string>): ForwardBackend | undefined {
    const now = this.#clock.monotonic()
    const ranked = [...this.#backends.values()]
      .filter((backend) => backend.takesNew && !except.has(backendKey(backend)))
      .map((backend) => ({ backend, rank: this.#rank(backendKey(backend), client, now) }))
      .toSorted((a, b) => compare(a.rank, b.rank))
    const chosen = ranked[0]?.backend
    if (chosen !== undefined) this.#lastTurn.set(backendKey(chosen), ++this.#turn)
    return chosen
  }

  #rank(key: string, client: string, now: number): readonly (number | string)[] {
    const isSuspect = (this.#suspectUntil.get(key) ?? 0) > now ? 1 : 0
    // By hash, a client stays where it is when other backends come and go.
    if (this.#isSticky)
      return [isSuspect, createHash('sha1').update(`${client} ${key}`).digest('hex')]
    return [isSuspect, this.#connections.get(key) ?? 0, this.#lastTurn.get(key) ?? 0]
  }

  suspect(key: string): void {
    if (this.#backends.has(key))
      this.#suspectUntil.set(key, this.#clock.monotonic() + forwardLimits.suspectMs)
  }

  joined(key: string): void {
    this.#suspectUntil.delete(key)
    this.#connections.set(key, (this.#connections.get(key) ?? 0) + 1)
  }

  left(key: string): void {
    const count = (this.#connections.get(key) ?? 0) - 1
    if (count > 0) this.#connections.set(key, count)
    else this.#connections.delete(key)
  }
}

function compare(a: readonly (number | string)[], b: readonly (number | string)[]): number {
  for (const [i, value] of a.entries()) if (value !== b[i]) return value < b[i]! ? -1 : 1
  return 0
}
