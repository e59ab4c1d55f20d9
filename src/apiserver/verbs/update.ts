import { badRequest, conflict } from '#base/errors.ts'
import { parseBody, toDraft } from '../body.ts'
import type { Call, ClusterContext, Outcome, Target } from '../context.ts'
import { placeInNamespace } from '../objects/metadata.ts'
import { readWriteOptions } from '../request-options.ts'
import { resourceName, shown } from '../resources.ts'
import { replace } from './replace.ts'

export async function update(
  context: ClusterContext,
  call: Call,
  target: Target,
): Promise<Outcome> {
  const { resource, name, namespace } = target
  const options = readWriteOptions(call.request.query, 'UpdateOptions')
  const body = parseBody(call.request.body, resource.kind)
  const first = toDraft(resource, body, { ...options, warnings: call.warnings })
  const given = first.metadata.name
  if (given !== name)
    throw badRequest(
      given
        ? `the name of the object (${given}) does not match the name on the URL (${name})`
        : 'name must be provided',
    )
  placeInNamespace(first, resource, namespace)
  const replaced = await replace(context, call, {
    target,
    dryRun: options.dryRun,
    change(current) {
      const draft = structuredClone(first)
      const { uid } = draft.metadata
      const actual = current.object.metadata.uid
      if (uid && uid !== actual)
        throw conflict(
          resourceName(resource),
          name,
          `Precondition failed: UID in precondition: ${uid}, UID in object meta: ${actual ?? ''}`,
        )
      return draft
    },
  })
  return {
    type: 'object',
    status: 200,
    ...replaced,
    object: shown(resource, replaced.object),
    resource,
  }
}
