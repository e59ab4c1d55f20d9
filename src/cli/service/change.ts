// `ccs service update`, `scale` and `delete`.
import { isReason } from '#base/errors.ts'
import { rfc3339Micro } from '#base/clock.ts'
import { containerServices } from '#kinds/ccs/container-service.ts'
import { clientOf, type CommandContext, findInstance, outputFormat } from '../context.ts'
import { EXIT, Failure } from '../failure.ts'
import { renderValue } from '../output.ts'
import { getService, projectOf, type ServiceOptions, waitForService } from './service-view.ts'

export interface ChangeOptions extends ServiceOptions {
  wait: boolean
  timeout: number
}

async function change(
  context: CommandContext,
  name: string,
  options: ChangeOptions,
  patch: Record<string, unknown>,
): Promise<void> {
  const client = await clientOf(findInstance(options))
  const place = { namespace: projectOf(options), name }
  // Asked for first: its error names the project and what to do.
  await getService(client, place)
  const changed = await client.resource(containerServices).patch(place, patch)
  const service = options.wait
    ? await waitForService(context, client, place, {
        timeoutSeconds: options.timeout,
        generation: changed.metadata.generation ?? 0,
      })
    : changed
  const format = outputFormat(options)
  if (format !== 'table') context.print(renderValue(service, format))
}

/** The same image again means: look up its tag anew, and roll out when the tag has moved. */
export function updateService(
  context: CommandContext,
  name: string,
  options: ChangeOptions & { image: string },
): Promise<void> {
  return change(context, name, options, {
    metadata: {
      annotations: { 'ccs.dev/image-requested-at': rfc3339Micro(context.clock.now()) },
    },
    spec: { image: options.image },
  })
}

export function scaleService(
  context: CommandContext,
  name: string,
  options: ChangeOptions & { replicas: number },
): Promise<void> {
  return change(context, name, options, { spec: { replicas: options.replicas } })
}

const DELETE_POLL_MS = 200

export async function deleteService(
  context: CommandContext,
  name: string,
  options: ChangeOptions,
): Promise<void> {
  const client = await clientOf(findInstance(options))
  const place = { namespace: projectOf(options), name }
  await getService(client, place)
  await client.resource(containerServices).delete(place)
  context.say(`service "${name}" is being deleted`)
  const deadline = context.clock.now() + options.timeout * 1000
  while (options.wait) {
    try {
      await client.resource(containerServices).get(place)
    } catch (error) {
      if (isReason(error, 'NotFound')) return context.say(`service "${name}" deleted`)
      throw error
    }
    if (context.clock.now() > deadline)
      throw new Failure(
        `service "${name}" is still there after ${options.timeout} s; its deletion goes on`,
        EXIT.timeout,
      )
    await context.clock.sleep(DELETE_POLL_MS)
  }
}
