import { notFound } from '#base/errors.ts'
import { versionTooLarge } from '../api-errors.ts'
import type { Call, ClusterContext, Outcome, Target } from '../context.ts'
import { keyFor, resourceName, shown } from '../resources.ts'

export function get(context: ClusterContext, call: Call, target: Target): Outcome {
  const { resource, namespace, name } = target
  const version = Number(call.request.query.get('resourceVersion') ?? '0')
  if (version > context.objects.revision) throw versionTooLarge(version, context.objects.revision)
  const stored = context.objects.get(keyFor(resource, namespace, name))
  if (stored === undefined) throw notFound(resourceName(resource), name)
  return { type: 'object', status: 200, object: shown(resource, stored.object), resource, stored }
}
