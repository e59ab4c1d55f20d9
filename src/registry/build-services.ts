// The parts of a registry, each given those it needs. What is only in memory is in them: a second call is what a
// restart is.
import type { Clock } from '#base/clock.ts'
import type { Logger } from '#base/log.ts'
import type { Random } from '#base/random.ts'
import type { Access } from './access/access.ts'
import type { BlobStore } from './blob-store.ts'
import { Collector } from './collect/collector.ts'
import { Leases } from './collect/leases.ts'
import { Trash } from './collect/trash.ts'
import { Manifests } from './manifests.ts'
import type { Metadata } from './metadata.ts'
import type { RulesOf } from './project-rules.ts'
import { Quotas } from './quotas.ts'
import { Pulls } from './retention/pulls.ts'
import { Retention } from './retention/retention.ts'
import type { Services } from './services.ts'
import { Uploads } from './uploads.ts'

export interface ServicesOptions {
  metadata: Metadata
  store: BlobStore
  access: Access
  clock: Clock
  random: Random
  log: Logger
}

export function buildServices(options: ServicesOptions): Services {
  const { metadata, store, access, clock, random, log } = options
  const rulesOf: RulesOf = (project) => access.rulesOf(project)
  const quotas = new Quotas({ metadata, rulesOf })
  const leases = new Leases(clock)
  const manifests = new Manifests({ metadata, store, clock, rulesOf, quotas })
  const pulls = new Pulls({ metadata, clock })
  return {
    metadata,
    store,
    clock,
    quotas,
    leases,
    manifests,
    pulls,
    uploads: new Uploads({ metadata, store, clock, random, log, quotas }),
    collector: new Collector({ metadata, store, clock, log, leases }),
    trash: new Trash({ metadata, clock, rulesOf }),
    retention: new Retention({ metadata, manifests, access, clock, pulls }),
  }
}
