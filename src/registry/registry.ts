// The registry: an OCI distribution server over a blob store and a metadata database.
import { mkdir } from 'node:fs/promises'
import type { IncomingMessage, ServerResponse } from 'node:http'
import path from 'node:path'
import type { Clock } from '#base/clock.ts'
import type { Logger } from '#base/log.ts'
import { defaultPorts } from '#base/ports.ts'
import { Periodic } from '#base/periodic.ts'
import type { Random } from '#base/random.ts'
import type { Access } from './access/access.ts'
import { Authenticator } from './access/authenticator.ts'
import { LogIn } from './access/log-in.ts'
import { RegistryTokens } from './access/registry-tokens.ts'
import { scrub } from './check/scrubber.ts'
import { Collector } from './collect/collector.ts'
import { Leases } from './collect/leases.ts'
import { Trash } from './collect/trash.ts'
import { openFileBlobStore } from './file-blob-store.ts'
import type { RequestOrigin } from './http-message.ts'
import { Manifests } from './manifests.ts'
import { openMetadata } from './metadata.ts'
import { answerNode } from './node-handler.ts'
import type { RulesOf } from './project-rules.ts'
import { Quotas } from './quotas.ts'
import { RegistryError } from './registry-error.ts'
import { registryLimits } from './registry-limits.ts'
import { router } from './router.ts'
import { Uploads } from './uploads.ts'

/** The name under which clusters know the registry. */
export const registryHost = 'registry.ccs.internal'

export interface RegistryOptions {
  /** The instance's data directory; the registry's own is "registry" below it. */
  dataDir: string
  /** Who may what, kept up to date by the caller. */
  access: Access
  /** What tokens are signed with: 32 random bytes, kept over restarts. */
  tokenKey: Uint8Array
  clock: Clock
  random: Random
  log: Logger
  /** Hosts, with port, that mean this registry in containerd's `?ns=`, next to `registryHost`. */
  ownHosts?: readonly string[]
}

export interface Registry {
  readonly clock: Clock
  readonly log: Logger
  /** Answers one HTTP request of any listener. */
  handle(req: IncomingMessage, res: ServerResponse, origin: RequestOrigin): void
  /** Lets requests under way finish, for a while, and closes the files. Close listeners first. */
  close(): Promise<void>
}

const loopbackHosts = [`localhost:${defaultPorts.registry}`, `127.0.0.1:${defaultPorts.registry}`]

export async function createRegistry(options: RegistryOptions): Promise<Registry> {
  const { clock, random, log, access, tokenKey, ownHosts = loopbackHosts } = options
  const directory = path.join(options.dataDir, 'registry')
  await mkdir(directory, { recursive: true, mode: 0o700 })
  const store = await openFileBlobStore(path.join(directory, 'blobs'))
  const metadata = openMetadata(path.join(directory, 'meta.db'))
  const rulesOf: RulesOf = (project) => access.rulesOf(project)
  const quotas = new Quotas({ metadata, rulesOf })
  const uploads = new Uploads({ metadata, store, clock, random, log, quotas })
  const manifests = new Manifests({ metadata, store, clock, rulesOf, quotas })
  const leases = new Leases(clock)
  const collector = new Collector({ metadata, store, clock, log, leases })
  const trash = new Trash({ metadata, clock, rulesOf })
  const answer = router({
    services: { metadata, store, uploads, manifests, clock, leases, collector, trash, quotas },
    authenticator: new Authenticator({
      access,
      logIn: new LogIn({ access, clock }),
      tokens: new RegistryTokens({ key: tokenKey, access, clock }),
    }),
    ownHosts: new Set([registryHost, ...ownHosts]),
  })
  await uploads.sweep()
  const { uploadSweepIntervalMs, collectIntervalMs, scrubIntervalMs } = registryLimits
  const periodic = [
    { what: 'sweep of uploads', periodMs: uploadSweepIntervalMs, work: () => uploads.sweep() },
    {
      what: 'collection',
      periodMs: collectIntervalMs,
      work: async () => void (await collector.collect()),
    },
    {
      what: 'scrub',
      periodMs: scrubIntervalMs,
      work: async () => void (await scrub({ metadata, store, clock, log })),
    },
  ].map(
    ({ what, periodMs, work }) =>
      new Periodic({
        periodMs,
        clock,
        work,
        failed: (error) => log.error(`${what} failed`, { error }),
      }),
  )
  for (const one of periodic) one.start()
  const running = new Set<Promise<void>>()
  let closing = false

  return {
    clock,
    log,
    handle(req, res, origin) {
      const work = answerNode({ req, res, origin }, closing ? refuse : answer, log)
      running.add(work)
      void work.finally(() => running.delete(work))
    },
    async close() {
      closing = true
      await Promise.all(periodic.map((one) => one.stop()))
      await settled(running, clock)
      metadata.close()
    },
  }
}

/** Waits for requests under way, but not for ever. */
function settled(running: Set<Promise<void>>, clock: Clock): Promise<void> {
  return new Promise((resolve) => {
    const timer = clock.after(registryLimits.drainMs, resolve)
    void Promise.allSettled(running).then(() => {
      timer.cancel()
      resolve()
    })
  })
}

function refuse(): Promise<never> {
  return Promise.reject(
    new RegistryError('UNKNOWN', 'the registry is stopping', {
      status: 503,
      headers: { 'Retry-After': '1', Connection: 'close' },
    }),
  )
}
