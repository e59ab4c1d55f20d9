// One logical cluster in this process: its store, its API, a client and caches for its controllers.
import { existsSync, mkdirSync } from 'node:fs'
import path from 'node:path'
import type { Duplex } from 'node:stream'
import type { Clock } from '#base/clock.ts'
import type { Logger } from '#base/log.ts'
import type { Random } from '#base/random.ts'
import type { AdmissionPlugin } from '#apiserver/admission/plugin.ts'
import type { AuditOptions } from '#apiserver/audit/auditor.ts'
import type { JwtAuthenticator } from '#apiserver/authentication/jwt/configuration.ts'
import type { ComponentHealth } from '#apiserver/context.ts'
import type { SeatPool } from '#apiserver/fairness/seat-pool.ts'
import { createLogicalCluster, type LogicalCluster } from '#apiserver/logical-cluster.ts'
import { createClient } from '#client/create-client.ts'
import { createInformerFactory } from '#client/informer-factory.ts'
import type { Client, InformerFactory } from '#client/types.ts'
import { FRONT_PROXY_USER } from '#apiserver/aggregation/front-proxy.ts'
import type { AuthorityStore } from '#identity/authority-store.ts'
import { frontProxyClient } from '#identity/front-proxy-client.ts'
import { createTokenIssuer } from '#identity/token-issuer.ts'
import { builtinKinds } from '#kinds/registry.ts'
import { startCompaction } from '#storage/compaction.ts'
import { DatabaseError } from '#base/sqlite.ts'
import { restoringFile } from '#storage/backup-file.ts'
import { openStore } from '#storage/open-store.ts'
import type { Store } from '#storage/types.ts'
import type { ValueCodec } from '#storage/value-codec.ts'
import type { WriterPool } from '#storage/writer-pool.ts'
import { ENGINE_USER } from './api-access.ts'
import { dialTcp } from './dial-tcp.ts'

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
  /** Parts of the cluster as ComponentStatus shows them. */
  components?: () => readonly ComponentHealth[]
  /** Issuers of tokens that count in every cluster. */
  issuers?: () => readonly JwtAuthenticator[]
  /** Where requests are written down; nowhere, unless given. */
  audit?: { of(cluster: string): AuditOptions }
  /** The threads that write for all clusters of this process. */
  pool?: WriterPool
  /** The seats that all clusters of this process share. */
  seats?: SeatPool
  /** How values look on disk. */
  codec?: ValueCodec
}

export interface LogicalClusterHost {
  readonly name: string
  readonly api: LogicalCluster
  readonly client: Client
  readonly informers: InformerFactory
  /** Writes a copy of the cluster's file while it is used. */
  backup(path: string): Promise<void>
  /** Encrypts anew what is not encrypted with the present key; how many values those were. */
  recode(): Promise<number>
  /** Stops the caches and closes the store; controllers are stopped before. */
  close(): Promise<void>
}

/** Tokens of a cluster are its own: the issuer names it (and is what pods see as `iss`). */
const issuerOf = (cluster: string) =>
  cluster === 'hub' ? 'https://hub.ccs.internal' : 'https://kubernetes.default.svc.cluster.local'

export async function hostLogicalCluster(options: HostOptions): Promise<LogicalClusterHost> {
  const { name, authorities, clock, random, log } = options
  const store = await openFile(options)
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
    frontProxy: frontProxyClient({
      authority: await authorities.frontProxyAuthority(name),
      user: FRONT_PROXY_USER,
      clock,
    }),
    version: options.version,
    ...(options.serviceCIDR === undefined ? {} : { serviceCIDR: options.serviceCIDR }),
    dial: dialTcp,
    ...(options.dialNode === undefined ? {} : { dialNode: options.dialNode }),
    ...(options.admission === undefined ? {} : { admission: options.admission }),
    ...(options.components === undefined ? {} : { components: options.components }),
    ...(options.issuers === undefined ? {} : { issuers: options.issuers }),
    ...(options.audit === undefined ? {} : { audit: options.audit.of(name) }),
    ...(options.seats === undefined ? {} : { seats: options.seats }),
  })
  const client = createClient(api.call(ENGINE_USER, 'kube-controller-manager'))
  const informers = createInformerFactory({ client, clock, random, log })
  let isClosing = false
  // What an earlier process was killed at, and what was stored before there was encryption.
  store.recode().then(
    (values) => values > 0 && log.info('encrypted values anew', { cluster: name, values }),
    (error: unknown) => {
      if (!isClosing) log.error('values could not be encrypted anew', { cluster: name, error })
    },
  )
  return {
    name,
    api,
    client,
    informers,
    backup: (target) => store.backup(target),
    recode: () => store.recode(),
    async close() {
      isClosing = true
      await informers.stop()
      await api.close()
      await compaction.stop()
      await store.close()
    },
  }
}

async function openFile({ name, file, log, pool, codec }: HostOptions): Promise<Store> {
  mkdirSync(path.dirname(file), { recursive: true, mode: 0o700 })
  const again = `Stop ccs ('ccs down') and run 'ccs cluster restore ${name} BACKUP --force'`
  if (existsSync(restoringFile(file)))
    throw new Error(`a restore of cluster ${name} was cut off. ${again} again.`)
  try {
    return await openStore({
      path: file,
      log,
      ...(pool === undefined ? {} : { pool }),
      ...(codec === undefined ? {} : { codec }),
      onLost: (error) => {
        // Without its storage a cluster cannot be served; a new process starts from what is on disk.
        log.error('storage is lost, the engine ends', { cluster: name, error })
        process.exit(75)
      },
    })
  } catch (error) {
    if (!(error instanceof DatabaseError) || error.problem !== 'corrupt') throw error
    const message = `cluster ${name} cannot be opened: ${error.message} ${again}.`
    throw new DatabaseError(error.problem, message, error)
  }
}
