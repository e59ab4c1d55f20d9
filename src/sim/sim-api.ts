// The API of the simulated cluster: the real server on a log in memory, which outlives the server.
import type { ApiCall } from '#base/api-call.ts'
import type { Clock } from '#base/clock.ts'
import type { Logger } from '#base/log.ts'
import type { Random } from '#base/random.ts'
import { version } from '#base/version.ts'
import { createLogicalCluster } from '#apiserver/logical-cluster.ts'
import type { TokenIssuer } from '#identity/token-issuer.ts'
import { builtinKinds } from '#kinds/registry.ts'
import { MemoryLog } from '#storage/memory-log.ts'
import { openMemoryStore } from '#storage/open-memory-store.ts'
import { SlowWriter } from './slow-writer.ts'

export interface SimApi {
  /** The API as long as a server runs; without one, calls fail. */
  call: ApiCall
  /** The same for those who watch and steer the simulation: waits for a server. */
  patientCall: ApiCall
  /** kill -9 of the server, and a new one on the same log. */
  restart(): Promise<void>
  close(): Promise<void>
}

export interface SimApiOptions {
  clock: Clock
  random: Random
  log: Logger
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
  crash(): void
  close(): Promise<void>
}

export async function openSimApi(options: SimApiOptions): Promise<SimApi> {
  const disk = new MemoryLog()
  let server: Server | undefined
  let starting = startServer(options, disk)
  server = await starting
  return {
    call: async (request) => {
      if (server === undefined) throw new Error('connection refused: the server starts')
      return await server.call(request)
    },
    patientCall: async (request) => (await starting).call(request),
    async restart() {
      server?.crash()
      server = undefined
      starting = startServer(options, disk)
      server = await starting
    },
    close: async () => (await starting).close(),
  }
}

async function startServer(options: SimApiOptions, disk: MemoryLog): Promise<Server> {
  const death = Promise.withResolvers<never>()
  death.promise.catch(() => undefined)
  const writer = new SlowWriter(disk, options)
  const store = openMemoryStore({ log: options.log, disk, committer: () => writer })
  const cluster = await createLogicalCluster({
    ...options,
    name: 'simulation',
    store,
    kinds: builtinKinds,
    tokenIssuer: noTokens,
    version,
  })
  const call = cluster.call(ADMIN)
  return {
    // Who waits for an answer of a dead server hears that the connection is gone.
    call: (request) => Promise.race([call(request), death.promise]),
    crash() {
      writer.crash()
      death.reject(new Error('connection reset: the server died'))
      void cluster.close()
    },
    async close() {
      await cluster.close()
      await store.close()
    },
  }
}
