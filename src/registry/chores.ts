// What a registry does by itself, now and then. A chore that fails is logged and tried again the next time.
import type { Logger } from '#base/log.ts'
import { Periodic } from '#base/periodic.ts'
import type { Access } from './access/access.ts'
import { scrub } from './check/scrubber.ts'
import { registryLimits } from './registry-limits.ts'
import { isDue } from './retention/retention-schedule.ts'
import type { Services } from './services.ts'

export interface ChoresOptions {
  services: Services
  access: Access
  log: Logger
}

export function chores({ services, access, log }: ChoresOptions): Periodic[] {
  const { uploadSweepIntervalMs, collectIntervalMs, scrubIntervalMs } = registryLimits
  const { retentionIntervalMs, eventPruneIntervalMs } = registryLimits
  const { clock, uploads, collector } = services
  const all = [
    { what: 'sweep of uploads', periodMs: uploadSweepIntervalMs, work: () => uploads.sweep() },
    { what: 'collection', periodMs: collectIntervalMs, work: () => collector.collect() },
    { what: 'scrub', periodMs: scrubIntervalMs, work: () => scrub({ ...services, log }) },
    { what: 'retention', periodMs: retentionIntervalMs, work: retentionChore(services, access) },
    { what: 'pruning of events', periodMs: eventPruneIntervalMs, work: pruneEvents(services) },
  ]
  return all.map(
    ({ what, periodMs, work }) =>
      new Periodic({
        periodMs,
        clock,
        work: async () => void (await work()),
        failed: (error) => log.error(`${what} failed`, { error }),
      }),
  )
}

/** The record of changes has an end too. */
const pruneEvents =
  ({ metadata, clock }: Services) =>
  async () =>
    metadata.events.prune(clock.now() - registryLimits.eventsKeptMs)

/** Carries out the rules of each project whose schedule names a minute since the last time. */
function retentionChore({ clock, pulls, retention }: Services, access: Access) {
  let lookedAt = clock.now()
  return async () => {
    const now = clock.now()
    pulls.write()
    for (const project of access.projectNames()) {
      const schedule = access.rulesOf(project).retention?.schedule
      if (schedule !== undefined && isDue(schedule, lookedAt, now)) retention.apply(project)
    }
    lookedAt = now
  }
}
