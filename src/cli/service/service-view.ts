// How services are shown, and the wait for one to be as its user wants it.
import type { Clock } from '#base/clock.ts'
import { isReason } from '#base/errors.ts'
import type { Client } from '#client/types.ts'
import { containerServices, type ContainerService } from '#kinds/ccs/container-service.ts'
import { nameLimits } from '#kinds/ccs/limits.ts'
import type { CommandContext, CommonOptions } from '../context.ts'
import { EXIT, Failure } from '../failure.ts'
import { renderAge, type TableColumn } from '../output.ts'

export const DEFAULT_PROJECT = 'default'

export interface ServiceOptions extends CommonOptions {
  project?: string
}

const NAME = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/

/** Services and projects are parts of host names. */
export function checkName(what: 'service' | 'project', name: string): void {
  if (NAME.test(name) && name.length <= nameLimits.serviceLengthMax) return
  throw new Failure(
    `"${name}" is no name for a ${what}: it takes lower-case letters, digits and '-', ` +
      `at most ${nameLimits.serviceLengthMax} of them, such as web-1`,
    EXIT.usage,
  )
}

export const projectOf = (options: ServiceOptions) => options.project ?? DEFAULT_PROJECT

export function serviceColumns(nowMs: number): TableColumn<ContainerService>[] {
  return [
    { title: 'NAME', value: (s) => s.metadata.name },
    { title: 'STATUS', value: (s) => s.status?.phase ?? 'Pending' },
    { title: 'READY', value: (s) => `${s.status?.readyReplicas ?? 0}/${s.spec.replicas ?? 1}` },
    { title: 'IMAGE', value: (s) => s.spec.image },
    { title: 'CLUSTER', value: (s) => s.spec.cluster },
    { title: 'URL', value: (s) => s.status?.url ?? '<none>' },
    { title: 'AGE', value: (s) => renderAge(s.metadata.creationTimestamp, nowMs) },
  ]
}

/** Why a service is as it is, in one line. */
export const explanationOf = (service: ContainerService) =>
  service.status?.conditions?.find((condition) => condition.type === 'Ready')?.message

export async function getService(
  client: Client,
  place: { namespace: string; name: string },
): Promise<ContainerService> {
  try {
    return await client.resource(containerServices).get(place)
  } catch (error) {
    if (!isReason(error, 'NotFound')) throw error
    throw new Failure(
      `there is no service "${place.name}" in project "${place.namespace}". 'ccs service list' shows what there is`,
      EXIT.notFound,
    )
  }
}

const POLL_MS = 100

export interface WaitOptions {
  timeoutSeconds: number
  /** The service has to have observed at least this generation. */
  generation: number
}

/**
 * Waits until the service is Ready at that generation, printing each change of its state. Ends at once when it has
 * failed for a reason that waiting does not mend.
 */
export async function waitForService(
  context: CommandContext,
  client: Client,
  place: { namespace: string; name: string },
  wait: WaitOptions,
): Promise<ContainerService> {
  const { clock } = context
  const deadline = clock.now() + wait.timeoutSeconds * 1000
  let said = ''
  for (;;) {
    const service = await getService(client, place)
    const current = (service.status?.observedGeneration ?? 0) >= wait.generation
    const phase = current ? (service.status?.phase ?? 'Pending') : 'Pending'
    const line = `${phase}: ${(current ? explanationOf(service) : undefined) ?? 'waiting'}`
    if (line !== said) context.say(line)
    said = line
    if (phase === 'Ready' && addressed(service)) return service
    if (phase === 'Failed')
      throw new Failure(
        `service "${place.name}" failed: ${explanationOf(service) ?? 'no reason'}. ` +
          `It is tried again; 'ccs service delete ${place.name}' gives it up`,
      )
    await nextLook(clock, deadline, () => {
      throw new Failure(
        `service "${place.name}" is not ready after ${wait.timeoutSeconds} s (${line}). ` +
          `It goes on; 'ccs service get ${place.name}' shows how it is`,
        EXIT.timeout,
      )
    })
  }
}

/** A public service is not done before it has an address. */
function addressed(service: ContainerService): boolean {
  const isPublic = (service.spec.access ?? 'Public') === 'Public'
  return !isPublic || !service.spec.ports?.length || service.status?.url !== undefined
}

async function nextLook(clock: Clock, deadline: number, late: () => never): Promise<void> {
  if (clock.now() >= deadline) late()
  await clock.sleep(POLL_MS)
}
