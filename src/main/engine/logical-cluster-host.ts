// One logical cluster in this process: its store, its API, a client and caches for its controllers.
import { mkdirSync } from 'node:fs'
import path from 'node:path'
import type { Duplex } from 'node:stream'
import type { Clock } from '#base/clock.ts'
import type { Logger } from '#base/log.ts'
import type { Random } from '#base/random.ts'
import type { AdmissionPlugin } from '#apiserver/admission/plugin.ts'
import { createLogicalCluster, type LogicalCluster } from '#apiserver/logical-cluster.ts'
import { createClient } from '#client/create-client.ts'
import { createInformerFactory } from '#client/informer-factory.ts'
import type { Client, InformerFactory } from '#client/types.ts'
import type { AuthorityStore } from '#identity/authority-store.ts'
import { createTokenIssuer } from '#identity/token-issuer.ts'
import { builtinKinds } from '#kinds/registry.ts'
import { startCompaction } from '#storage/compaction.ts'
import { openStore } from '#storage/open-store.ts'
import type { ValueCodec } from '#storage/value-codec.ts'
import type { WriterPool } from '#storage/writer-pool.ts'
import { ENGINE_USER } from './api-access.ts'

export interface HostOptions {
  name: string
  file: string
  version: string
  authorities: AuthorityStore
  clock: Clock
  random: Random
  log: Logger
  serviceCIDR?: string
  dialNode?: (nodeName: string) => Promise<Duplex>
  admission?: readonly AdmissionPlugin[]
  /** The threads that write for all clusters of this process. */
  pool?: WriterPool
  /** How values look on disk. */
  codec?: ValueCodec
}

export interface LogicalClusterHost {
  readonly name: string
  readonly api: LogicalCluster
  readonly client: Client
  readonly informers: InformerFactory
  /** Stops the caches and closes the store; controllers are stopped before. */
  close(): Promise<void>
}

/** Tokens of a cluster are its own: the issuer names it (and is what pods see as `iss`). */
const issuerOf = (cluster: string) =>
  cluster === 'hub' ? 'https://hub.ccs.internal' : 'https://kubernetes.default.svc.cluster.local'

export async function hostLogicalCluster(options: HostOptions): Promise<LogicalClusterHost> {
  const { name, file, authorities, clock, random, log } = options
  mkdirSync(path.dirname(file), { recursive: true, mode: 0o700 })
  const store = await openStore({
    path: file,
    log,
    ...(options.pool === undefined ? {} : { pool: options.pool }),
    ...(options.codec === undefined ? {} : { codec: options.codec }),
    onLost: (error) => {
      // Without its storage a cluster cannot be served; a new process starts from what is on disk.
      log.error('storage is lost, the engine ends', { cluster: name, error })
      process.exit(75)
    },
  })
  const compaction = startCompaction({ store, clock, log })
  const { certificatePem } = await authorities.clientAuthority(name)
  const api = await createLogicalCluster({
    name,
    store,
    kinds: builtinKinds,
    clock,
    random,
    log,
    tokenIssuer: await createTokenIssuer({
      keyPem: authorities.serviceAccountKeyPem(name),
      issuer: issuerOf(name),
      clock,
      random,
    }),
    clientAuthorityPem: certificatePem,
    version: options.version,
    ...(options.serviceCIDR === undefined ? {} : { serviceCIDR: options.serviceCIDR }),
    ...(options.dialNode === undefined ? {} : { dialNode: options.dialNode }),
    ...(options.admission === undefined ? {} : { admission: options.admission }),
  })
  const client = createClient(api.call(ENGINE_USER))
  const informers = createInformerFactory({ client, clock, random, log })
  return {
    name,
    api,
    client,
    informers,
    async close() {
      await informers.stop()
      await api.close()
      await compaction.stop()
      await store.close()
    },
  }
}
