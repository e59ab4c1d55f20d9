// What every part of the engine is given.
import type { Clock } from '#base/clock.ts'
import type { Logger } from '#base/log.ts'
import type { Random } from '#base/random.ts'
import type { AuthorityStore } from '#identity/authority-store.ts'
import type { InstanceFile, InstancePaths } from '#setup/instance.ts'
import type { StorageKeys } from '#identity/storage-keys.ts'
import type { ValueCodec } from '#storage/value-codec.ts'
import type { JwtAuthenticator } from '#apiserver/authentication/jwt/configuration.ts'
import type { EngineAudit } from './engine-audit.ts'
import type { OperatorFile } from './operator-file.ts'
import type { SeatPool } from '#apiserver/fairness/seat-pool.ts'
import type { WriterPool } from '#storage/writer-pool.ts'

export interface EngineContext {
  paths: InstancePaths
  instance: InstanceFile
  /** Version of ccs that runs. */
  version: string
  authorities: AuthorityStore
  serverCaPem: string
  /** The threads that write for all clusters. */
  pool: WriterPool
  /** How many requests of all clusters are answered at once. */
  seats: SeatPool
  /** The keys of this instance's Secrets on disk, and how its stores use them. */
  storageKeys: StorageKeys
  codec: ValueCodec
  audit: EngineAudit
  /** Whose tokens count beside those of the clusters. */
  authentication: OperatorFile<readonly JwtAuthenticator[]>
  issuers: () => readonly JwtAuthenticator[]
  clock: Clock
  random: Random
  log: Logger
}
