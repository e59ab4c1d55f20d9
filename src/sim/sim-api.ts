// The API of the simulated cluster: the real server on a store in memory.
import type { ApiCall } from '#base/api-call.ts'
import type { Clock } from '#base/clock.ts'
import type { Logger } from '#base/log.ts'
import type { Random } from '#base/random.ts'
import { version } from '#base/version.ts'
import { createLogicalCluster } from '#apiserver/logical-cluster.ts'
import type { TokenIssuer } from '#identity/token-issuer.ts'
import { builtinKinds } from '#kinds/registry.ts'
import { openMemoryStore } from '#storage/open-memory-store.ts'

export interface SimApi {
  call: ApiCall
  close(): Promise<void>
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

export async function openSimApi(options: {
  clock: Clock
  random: Random
  log: Logger
}): Promise<SimApi> {
  const store = openMemoryStore({ log: options.log })
  const cluster = await createLogicalCluster({
    ...options,
    name: 'simulation',
    store,
    kinds: builtinKinds,
    tokenIssuer: noTokens,
    version,
  })
  return {
    call: cluster.call(ADMIN),
    async close() {
      await cluster.close()
      await store.close()
    },
  }
}
