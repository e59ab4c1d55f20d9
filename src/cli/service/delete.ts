// `ccs service delete`.
import { isReason } from '#base/errors.ts'
import { containerServices } from '#kinds/ccs/container-service.ts'
import type { CommandContext } from '../context.ts'
import { EXIT, Failure } from '../failure.ts'
import type { ChangeOptions } from './change.ts'
import { findService } from './find-service.ts'

const POLL_MS = 200

export async function deleteService(
  context: CommandContext,
  name: string,
  options: ChangeOptions,
): Promise<void> {
  const { client, place, service } = await findService(name, options)
  const resource = client.resource(containerServices)
  const { uid } = service.metadata
  await resource.delete(place, uid === undefined ? {} : { preconditions: { uid } })
  context.say(`service "${name}" is being deleted`)
  const deadline = context.clock.now() + options.timeout * 1000
  while (options.wait) {
    try {
      // Another of the same name is not the one that goes.
      if ((await resource.get(place)).metadata.uid !== uid) break
    } catch (error) {
      if (!isReason(error, 'NotFound')) throw error
      break
    }
    if (context.clock.now() > deadline)
      throw new Failure(
        `service "${name}" is still there after ${options.timeout} s; its deletion goes on`,
        EXIT.timeout,
      )
    await context.clock.sleep(POLL_MS)
  }
  if (options.wait) context.say(`service "${name}" deleted`)
}
