// `ccs service restart`: all instances one after the other, or a single one.
import { rfc3339Micro } from '#base/clock.ts'
import { isReason } from '#base/errors.ts'
import { serviceAnnotations } from '#kinds/ccs/service-annotations.ts'
import { pods } from '#kinds/refs.ts'
import type { CommandContext } from '../context.ts'
import { EXIT, Failure } from '../failure.ts'
import { type ChangeOptions, makeChange } from './change.ts'
import { findService, type FoundService } from './find-service.ts'
import { podsOf, selectInstance } from './instances.ts'
import { waitForService } from './wait-for-service.ts'

const POLL_MS = 200

export async function restartService(
  context: CommandContext,
  name: string,
  options: ChangeOptions & { instance?: string },
): Promise<void> {
  const found = await findService(name, options)
  if (options.instance !== undefined)
    return restartInstance(context, found, options.instance, options)
  if ((found.service.spec.replicas ?? 1) === 0)
    throw new Failure(
      `service "${name}" has no instances to restart. 'ccs service scale ${name} --replicas 1' starts one`,
    )
  await makeChange(context, found, options, {
    annotations: { [serviceAnnotations.restartedAt]: rfc3339Micro(context.clock.now()) },
  })
  context.say(`service "${name}" ${options.wait ? 'restarted' : 'is being restarted'}`)
}

async function restartInstance(
  context: CommandContext,
  found: FoundService,
  instance: string,
  options: ChangeOptions,
): Promise<void> {
  const { place } = found
  const cluster = await found.cluster()
  const pod = selectInstance(await podsOf(cluster, place), instance, place.name)
  const { name, namespace, uid } = pod.metadata
  await cluster
    .resource(pods)
    .delete({ namespace, name }, uid === undefined ? {} : { preconditions: { uid } })
  context.say(`instance "${name}" ends; another takes its place`)
  if (!options.wait) return
  const deadline = context.clock.now() + options.timeout * 1000
  for (;;) {
    try {
      await cluster.resource(pods).get({ namespace, name })
    } catch (error) {
      if (!isReason(error, 'NotFound')) throw error
      break
    }
    if (context.clock.now() >= deadline)
      throw new Failure(
        `instance "${name}" is still there after ${options.timeout} s; it goes on ending`,
        EXIT.timeout,
      )
    await context.clock.sleep(POLL_MS)
  }
  await waitForService(context, found, options.timeout)
}
