// Objects every cluster starts with. Only what is missing is made: each step may have been done by
// an earlier start that ended in the middle.
import { isReason } from '#base/errors.ts'
import type { KubeObject } from '#kinds/object.ts'
import { ensureRoles } from './authorization/ensure-roles.ts'
import type { ClusterContext, Draft } from './context.ts'
import { fairnessObjects } from './fairness/fairness-objects.ts'
import { keyFor } from './resources.ts'
import { create } from './verbs/create.ts'
import { SERVER } from './server-user.ts'

const NAMESPACES = ['default', 'kube-system', 'kube-public', 'kube-node-lease']
const PRIORITY_CLASSES = [
  {
    name: 'system-node-critical',
    value: 2_000_001_000,
    description: 'Used for system critical pods that must not be moved from their current node.',
  },
  {
    name: 'system-cluster-critical',
    value: 2_000_000_000,
    description:
      'Used for system critical pods that must run in the cluster, but can be moved to another node if necessary.',
  },
]

export async function bootstrap(context: ClusterContext): Promise<void> {
  const namespaces = NAMESPACES.map((name) => ({
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name },
  }))
  const classes = PRIORITY_CLASSES.map(({ name, ...rest }) => ({
    apiVersion: 'scheduling.k8s.io/v1',
    kind: 'PriorityClass',
    metadata: { name },
    ...rest,
  }))
  const all: KubeObject[] = [...namespaces, ...classes, ...fairnessObjects]
  await Promise.all(all.map((object) => ensure(context, object)))
  await ensureRoles(context, SERVER)
}

/** Kinds this cluster does not serve are left out. */
async function ensure(context: ClusterContext, object: KubeObject): Promise<void> {
  const group = object.apiVersion.includes('/') ? object.apiVersion.split('/')[0]! : ''
  const resource = context.resources.findKind(group, object.kind)
  if (resource === undefined) return
  if (context.objects.getAccepted(keyFor(resource, undefined, object.metadata.name)) !== undefined)
    return
  const draft = structuredClone(object) as Draft
  const options = { dryRun: false, fieldValidation: 'Strict' as const }
  try {
    await create(context, { user: SERVER }, { resource, namespace: undefined, draft, options })
  } catch (error) {
    if (!isReason(error, 'AlreadyExists')) throw error
  }
}
