// The API of a simulated cluster: the real server on a log in memory, which outlives the server.
import type { ApiCall } from '#base/api-call.ts'
import type { Clock } from '#base/clock.ts'
import { describeError, type Logger } from '#base/log.ts'
import type { Random } from '#base/random.ts'
import { version } from '#base/version.ts'
import { createLogicalCluster } from '#apiserver/logical-cluster.ts'
import type { TokenIssuer } from '#identity/token-issuer.ts'
import { builtinKinds } from '#kinds/registry.ts'
import type { Committer } from '#storage/committer.ts'
import { startCompaction } from '#storage/compaction.ts'
import { MemoryLog } from '#storage/memory-log.ts'
import { openMemoryStore } from '#storage/open-memory-store.ts'
import { type Faults, faultTimes } from '../faults.ts'
import type { DurableState } from './durable-state.ts'
import { SimDisk } from './sim-disk.ts'

/** Small, so that compaction and slow watchers are met in minutes and not in days. */
const smallLimits = {
  history: { eventsMax: 400, bytesMax: 4 * 1024 * 1024 },
  compaction: { ageMs: 60_000, revisionsMax: 2_000 },
  compactionIntervalMs: 30_000,
  watchQueueEvents: 60,
} as const

const RETRY_START_MS = 1_000

export interface SimApi {
  readonly state: DurableState
  /** The API as long as a server runs; without one, calls fail. */
  call: ApiCall
  /** The same for those who steer the simulation: waits for a server, and asks again when it died. */
  patientCall: ApiCall
  /** kill -9 of the server, and after a while a new one on the same disk. */
  crash(downMs: number): void
  /** No write reaches the disk for so long. */
  fillDisk(ms: number): void
  close(): Promise<void>
}

export interface SimApiOptions {
  clock: Clock
  random: Random
  log: Logger
  faults: Faults
  state: DurableState
  serviceCIDR?: string
  /** Sees every answer as the server gives it. */
  check: (call: ApiCall) => ApiCall
  /** Called when the server cannot start. */
  failed: (problem: string) => void
  /** A server with a bug planted, see `planted`. */
  plant?: { serverCall?: (call: ApiCall) => ApiCall; disk?: (disk: Committer) => Committer }
}

const ADMIN = { username: 'simulation', groups: ['system:masters', 'system:authenticated'] }

/** Nobody in a simulation has a token; signing takes real time, which would make runs differ. */
const noTokens: TokenIssuer = {
  issuer: 'https://kubernetes.default.svc',
  issue: () => Promise.reject(new Error('the simulation issues no tokens')),
  verify: () => Promise.resolve({ ok: false, reason: 'the simulation issues no tokens' }),
  keySet: () => ({ keys: [] }),
  discovery: () => ({}),
}

interface Server {
  call: ApiCall
  isDead: () => boolean
  crash(): void
  close(): Promise<void>
}

export async function openSimApi(options: SimApiOptions): Promise<SimApi> {
  const api = new Api(options)
  await api.begin()
  return api
}

class Api implements SimApi {
  readonly state: DurableState
  readonly #options: SimApiOptions
  readonly #log = new MemoryLog()
  #server: Server | undefined
  #started = Promise.withResolvers<Server>()
  #fullUntilMs = 0
  #isClosed = false

  constructor(options: SimApiOptions) {
    this.#options = options
    this.state = options.state
  }

  async begin(): Promise<void> {
    const { clock, failed } = this.#options
    for (let tries = 0; !this.#isClosed; tries++) {
      const starting = new ServerStart()
      try {
        const server = await this.#startServer(starting)
        if (server.isDead()) continue
        this.#server = server
        this.#started.resolve(server)
        return
      } catch (error) {
        // A server may die or find a full disk while it starts; its supervisor starts it again.
        if (!starting.isDead && clock.monotonic() >= this.#fullUntilMs)
          failed(`the API server ${this.state.name} did not start: ${describeError(error)}`)
      }
      await clock.sleep(RETRY_START_MS)
    }
  }

  readonly call: ApiCall = async (request) => {
    if (this.#server === undefined) throw new Error('connection refused: the server starts')
    return await this.#server.call(request)
  }

  readonly patientCall: ApiCall = async (request) => {
    for (;;) {
      const server = await this.#started.promise
      try {
        return await server.call(request)
      } catch (error) {
        if (!server.isDead()) throw error
      }
    }
  }

  crash(downMs: number): void {
    if (this.#server === undefined) return
    this.#server.crash()
    this.#server = undefined
    this.#started = Promise.withResolvers()
    this.#options.clock.after(downMs, () => void this.begin())
  }

  fillDisk(ms: number): void {
    this.#fullUntilMs = this.#options.clock.monotonic() + ms
  }

  async close(): Promise<void> {
    const server = await this.#started.promise
    this.#isClosed = true
    await server.close()
  }

  async #startServer(starting: ServerStart): Promise<Server> {
    const { clock, random, log, faults, state, serviceCIDR, plant, check } = this.#options
    const disk = new SimDisk({
      log: this.#log,
      state,
      clock,
      random,
      faults,
      isFull: () => clock.monotonic() < this.#fullUntilMs,
      killServer: () => {
        starting.die(disk)
        this.crash(faults.timeMs(faultTimes.downMs))
      },
    })
    const store = openMemoryStore({
      log,
      disk: this.#log,
      committer: () => plant?.disk?.(disk) ?? disk,
      history: smallLimits.history,
    })
    const cluster = await Promise.race([
      createLogicalCluster({
        ...this.#options,
        name: state.name,
        store,
        kinds: builtinKinds,
        tokenIssuer: noTokens,
        version,
        watchQueueEventsMax: smallLimits.watchQueueEvents,
        ...(serviceCIDR === undefined ? {} : { serviceCIDR }),
      }),
      starting.death,
    ])
    const compaction = startCompaction({
      store,
      clock,
      log,
      rule: smallLimits.compaction,
      intervalMs: smallLimits.compactionIntervalMs,
    })
    const own = cluster.call(ADMIN)
    const call = plant?.serverCall?.(own) ?? own
    return {
      // Who waits for an answer of a dead server hears that the connection is gone.
      call: check((request) => Promise.race([call(request), starting.death])),
      isDead: () => starting.isDead,
      crash() {
        starting.die(disk)
        void compaction.stop()
        void cluster.close()
      },
      async close() {
        await compaction.stop()
        await cluster.close()
        await store.close()
      },
    }
  }
}

/** One life of a server, from the first moment of its start. */
class ServerStart {
  readonly #end = Promise.withResolvers<never>()
  isDead = false

  constructor() {
    this.#end.promise.catch(() => undefined)
  }

  get death(): Promise<never> {
    return this.#end.promise
  }

  die(disk: SimDisk): void {
    if (this.isDead) return
    this.isDead = true
    disk.crash()
    this.#end.reject(new Error('connection reset: the server died'))
  }
}
