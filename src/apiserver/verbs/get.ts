import { notFound } from '#base/errors.ts'
import { versionTooLarge } from '../api-errors.ts'
import type { Call, ClusterContext, Outcome, Target } from '../context.ts'
import { oneInVersion } from '../objects/in-version.ts'
import { keyFor, resourceName, shown } from '../resources.ts'

export async function get(context: ClusterContext, call: Call, target: Target): Promise<Outcome> {
  const { resource, namespace, name } = target
  const version = Number(call.request.query.get('resourceVersion') ?? '0')
  if (version > context.objects.revision) throw versionTooLarge(version, context.objects.revision)
  const found = context.objects.get(keyFor(resource, namespace, name))
  if (found === undefined) throw notFound(resourceName(resource), name)
  const stored = await oneInVersion(resource, found)
  return { type: 'object', status: 200, object: shown(resource, stored.object), resource, stored }
}
