// Waits for a service to be as its user wants it, says how it goes, and ends early when waiting is of no use.
import { StatusError } from '#base/errors.ts'
import type { Client } from '#client/types.ts'
import type { ContainerService } from '#kinds/ccs/container-service.ts'
import { podProblem } from '#kinds/ccs/pod-problem.ts'
import { isObserved } from '#kinds/ccs/service-annotations.ts'
import type { Pod } from '#kinds/k8s/core.ts'
import { conditionOf } from '#kinds/meta.ts'
import { pods } from '#kinds/refs.ts'
import type { CommandContext } from '../context.ts'
import { EXIT, Failure } from '../failure.ts'
import { type FoundService, getService } from './find-service.ts'
import { podsOf } from './instances.ts'
import { explanationOf } from './service-view.ts'

const POLL_MS = 100
/** The cluster is asked for the reason this often while nothing moves. */
const LOOK_AT_PODS_MS = 1_000
const LOG_LINES = 8

/** A public service is not done before it has an address. */
function isAddressed({ spec, status }: ContainerService): boolean {
  const { access = 'Public', ports = [] } = spec
  if (access !== 'Public' || ports.length === 0) return true
  return status?.address !== undefined && status.url !== undefined
}

/** What was wished cannot be, and nothing of it was done: the wish may be taken back. */
export class Rejection extends Failure {}

/** Reason of the one failure that comes after a change was made. */
const NO_PROGRESS = 'NoProgress'

function failureOf(service: ContainerService): Failure {
  const { name } = service.metadata
  const why = explanationOf(service) ?? 'no reason is known'
  const reason = conditionOf(service.status?.conditions, 'Ready')?.reason
  if (reason !== NO_PROGRESS) return new Rejection(why)
  return new Failure(`service "${name}" does not come up: ${why}. ${remedyFor(service)}`)
}

const remedyFor = ({ metadata: { name }, status }: ContainerService): string =>
  (status?.revision ?? 1) > 1
    ? `'ccs service rollback ${name}' goes back to what ran before`
    : `'ccs service update ${name}' changes it, 'ccs service delete ${name}' gives it up`

/**
 * Resolves when the service is Ready with all that was wished by now. Fails at once when it has failed for a reason
 * that waiting does not mend, and with the last lines of its log when it does not stay up.
 */
export async function waitForService(
  context: CommandContext,
  found: Omit<FoundService, 'service'>,
  timeoutSeconds: number,
): Promise<ContainerService> {
  const { clock } = context
  const { client, place } = found
  const deadline = clock.now() + timeoutSeconds * 1000
  let said = ''
  let lookAt = clock.now() + LOOK_AT_PODS_MS
  for (;;) {
    const service = await getService(client, place)
    const current = isObserved(service)
    const phase = current ? (service.status?.phase ?? 'Pending') : 'Pending'
    const line = `${phase}: ${(current ? explanationOf(service) : undefined) ?? 'waiting'}`
    if (line !== said) context.say(line)
    said = line
    if (phase === 'Ready' && isAddressed(service)) return service
    if (phase === 'Failed') throw failureOf(service)
    if (current && clock.now() >= lookAt) {
      await failWhenLasting(await found.cluster(), service)
      lookAt = clock.now() + LOOK_AT_PODS_MS
    }
    if (clock.now() >= deadline)
      throw new Failure(
        `service "${place.name}" is not ready after ${timeoutSeconds} s (${line}). ` +
          `It goes on; 'ccs service get ${place.name}' shows how it is`,
        EXIT.timeout,
      )
    await clock.sleep(POLL_MS)
  }
}

/** What is wrong with the newest instance; those of before go away by themselves. */
async function failWhenLasting(cluster: Client, service: ContainerService): Promise<void> {
  const { name, namespace } = service.metadata
  const all = (await podsOf(cluster, { name, namespace: namespace! })).filter(
    ({ metadata }) => metadata.deletionTimestamp === undefined,
  )
  const born = ({ metadata }: Pod) => metadata.creationTimestamp ?? ''
  const [newest] = all.toSorted((a, b) => (born(a) < born(b) ? 1 : -1))
  const problem = newest && podProblem(newest)
  if (newest === undefined || problem === undefined || !problem.isLasting) return
  const lines = await lastLines(cluster, newest)
  const log = lines.length === 0 ? '' : `\nThe last lines of its log:\n  ${lines.join('\n  ')}`
  throw new Failure(
    `instance "${newest.metadata.name}" does not come up: ${problem.message}. ` +
      `It is tried again; ${remedyFor(service)}, 'ccs service logs ${name}' shows more${log}`,
  )
}

/** Of the container that ended, else of the one there is. */
async function lastLines(cluster: Client, pod: Pod): Promise<string[]> {
  const ended = pod.status?.containerStatuses?.[0]?.lastState?.terminated !== undefined
  const query = { tailLines: String(LOG_LINES), ...(ended ? { previous: 'true' } : {}) }
  let text = ''
  try {
    for await (const chunk of cluster.resource(pods).stream(pod.metadata, 'log', query))
      text += Buffer.from(chunk).toString('utf8')
  } catch (error) {
    // No container has written a log: then there is nothing to add to the reason.
    if (!(error instanceof StatusError)) throw error
    return []
  }
  return text.split('\n').filter((line) => line !== '')
}
