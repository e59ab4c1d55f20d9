// The parts of a cluster and whether they work. They are not stored: each request looks anew.
import { notFound } from '#base/errors.ts'
import type { ComponentStatus } from '#kinds/k8s/core.ts'
import type { Call, ClusterContext, ComponentHealth, Outcome } from '../context.ts'
import type { Stored } from '../objects/object-storage.ts'
import type { ServedResource } from '../resources.ts'
import { keyFor, resourceName } from '../resources.ts'
import { readSelection } from '../selection.ts'

/** Kubernetes' name of the storage; it answers, as this API does, or nothing is answered at all. */
const STORAGE: ComponentHealth = { name: 'etcd-0', isHealthy: true, message: 'ok' }

function statusOf({ name, isHealthy, message }: ComponentHealth): ComponentStatus {
  return {
    kind: 'ComponentStatus',
    apiVersion: 'v1',
    metadata: { name },
    conditions: [{ type: 'Healthy', status: isHealthy ? 'True' : 'False', message }],
  }
}

const allOf = (context: ClusterContext): ComponentStatus[] =>
  [...context.components(), STORAGE].map(statusOf)

export function getComponent(
  context: ClusterContext,
  resource: ServedResource,
  name: string,
): Outcome {
  const object = allOf(context).find(({ metadata }) => metadata.name === name)
  if (object === undefined) throw notFound(resourceName(resource), name)
  return { type: 'object', status: 200, object, resource }
}

export function listComponents(
  context: ClusterContext,
  call: Call,
  resource: ServedResource,
): Outcome {
  const { matches } = readSelection(call.request.query, resource)
  const items = allOf(context)
    .filter((object) => matches?.(object) !== false)
    .map((object): Stored => ({
      key: keyFor(resource, undefined, object.metadata.name),
      object,
      bytes: Buffer.from(JSON.stringify(object)),
      revision: 0,
    }))
  return { type: 'list', resource, items, metadata: {} }
}
