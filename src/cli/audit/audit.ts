// `ccs audit`: who did what, from the logs that the engine writes. It needs no engine that runs.
import { listLogs, type LogFile } from '#base/rotated-files.ts'
import type { AuditEvent } from '#kinds/k8s/audit.ts'
import { type CommandContext, type CommonOptions, findInstance } from '../context.ts'
import { EXIT, Failure } from '../failure.ts'
import { parseDuration } from '../service/log-lines.ts'
import { type AuditFilter, isAskedFor, LatestRequests, type Logged } from './audit-filter.ts'
import { type AuditFormat, eventPrinter } from './audit-view.ts'
import { type Ends, readNew } from './read-new.ts'

export interface AuditOptions extends Omit<CommonOptions, 'output'> {
  cluster?: string
  user?: string
  verb?: string[]
  resource?: string
  namespace?: string
  name?: string
  changes?: boolean
  since: string
  tail: number
  follow?: boolean
  output?: AuditFormat
}

/** Requests that go on while a log is followed, and would otherwise be shown again at their end. */
const FOLLOWED_MAX = 10_000
const LOOK_EVERY_MS = 500

export async function showAudit(context: CommandContext, options: AuditOptions): Promise<void> {
  const seconds = parseDuration(options.since)
  if (seconds === undefined)
    throw new Failure(`--since "${options.since}": write 30s, 5m, 2h or 1d`, EXIT.usage)
  const { paths } = findInstance(options)
  const { clock } = context
  const since = clock.now() - seconds * 1000
  const filter: AuditFilter = { ...options, verbs: options.verb, since }
  // Nothing in a file is newer than the moment it was moved away.
  const files = () =>
    logsOf(paths.auditLogs, options).filter(({ rotatedAt = Infinity }) => rotatedAt >= since)
  if (options.cluster !== undefined && logsOf(paths.auditLogs, options).length === 0)
    throw noLog(paths.auditLogs, options)
  const latest = new LatestRequests(options.tail)
  const ends: Ends = new Map()
  let damagedLines = 0
  const damaged = () => void damagedLines++
  await readNew(files(), ends, {
    seen: (logged) => {
      if (isShown(logged.event, filter)) latest.add(logged)
    },
    damaged,
  })
  const print = eventPrinter(context.print, options.output ?? 'table')
  print(latest.list())
  if (damagedLines > 0) context.say(`passed over ${damagedLines} damaged lines`)
  sayWhatIsMissing(context, options, latest.seen)
  if (options.follow !== true) return
  const shown = new LatestRequests(FOLLOWED_MAX)
  for (const logged of latest.list()) shown.add(logged)
  const seen = (logged: Logged) => {
    if (!isShown(logged.event, filter) || shown.has(logged)) return
    shown.add(logged)
    print([logged])
  }
  // Until the command is interrupted.
  for (;;) {
    await clock.sleep(LOOK_EVERY_MS)
    await readNew(files(), ends, { seen, damaged })
  }
}

/** That a request came in is told by how it was answered. */
const isShown = (event: AuditEvent, filter: AuditFilter): boolean =>
  event.stage !== 'RequestReceived' && isAskedFor(event, filter)

function sayWhatIsMissing(context: CommandContext, options: AuditOptions, seen: number): void {
  const { since, tail, follow } = options
  if (seen > tail)
    context.say(`the last ${tail} of ${seen} requests; --tail ${seen} shows all of them`)
  if (seen > 0 || follow === true) return
  context.say(`No such request in the last ${since}. --since 1d looks further back.`)
}

function logsOf(directory: string, { cluster }: AuditOptions): LogFile[] {
  try {
    return listLogs(directory).filter(({ name }) => cluster === undefined || name === cluster)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EACCES') throw error
    throw new Failure("only the owner of the instance may read its audit logs: 'sudo ./ccs audit'")
  }
}

function noLog(directory: string, { cluster }: AuditOptions): Failure {
  const names = [...new Set(listLogs(directory).map(({ name }) => name))]
  const there = names.length === 0 ? 'there are none at all yet' : `there are: ${names.join(', ')}`
  return new Failure(`there is no audit log of a cluster "${cluster}"; ${there}`, EXIT.notFound)
}
