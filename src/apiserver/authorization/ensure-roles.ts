// Makes the default roles and bindings be there at each start, and give at least what they should.
import type { UserInfo } from '#base/api-call.ts'
import { isReason } from '#base/errors.ts'
import type { KubeObject } from '#kinds/object.ts'
import type { ClusterContext, Draft } from '../context.ts'
import { keyFor, type ServedResource } from '../resources.ts'
import { create } from '../verbs/create.ts'
import { replace } from '../verbs/replace.ts'
import {
  bootstrapBindings,
  bootstrapRoles,
  type RbacBinding,
  type RbacRole,
} from './bootstrap-roles.ts'
import { reconciledBinding, reconciledRole } from './reconcile-role.ts'

const GROUP = 'rbac.authorization.k8s.io'
const WRITE = { dryRun: false, fieldValidation: 'Strict' as const }

/** The namespaces they stand in must be there. */
export async function ensureRoles(context: ClusterContext, server: UserInfo): Promise<void> {
  const ensure = <T extends RbacRole | RbacBinding>(
    wanted: T,
    reconciled: (stored: T, wanted: T) => KubeObject | 'replace' | undefined,
  ) => ensureOne({ context, user: server }, wanted, reconciled as Reconciled)
  await Promise.all(bootstrapRoles.map((role) => ensure(role, reconciledRole)))
  await Promise.all(bootstrapBindings.map((binding) => ensure(binding, reconciledBinding)))
}

type Reconciled = (stored: KubeObject, wanted: KubeObject) => KubeObject | 'replace' | undefined

async function ensureOne(
  { context, user }: { context: ClusterContext; user: UserInfo },
  wanted: KubeObject,
  reconciled: Reconciled,
): Promise<void> {
  const resource = context.resources.findKind(GROUP, wanted.kind)
  // Kinds this cluster does not serve are left out.
  if (resource === undefined) return
  const { name, namespace } = wanted.metadata
  const key = keyFor(resource, namespace, name)
  const stored = context.objects.getAccepted(key)
  if (stored === undefined) return createMissing(context, user, { resource, wanted })
  const change = reconciled(stored.object, wanted)
  if (change === undefined) return
  context.log.info('a default role or binding lacked rights', { kind: wanted.kind, name })
  if (change === 'replace') {
    await context.objects.remove(key, stored.revision)
    return createMissing(context, user, { resource, wanted })
  }
  const target = { resource, namespace, name, subresource: undefined }
  await replace(
    context,
    { user },
    {
      target,
      dryRun: false,
      change: () => structuredClone(change) as Draft,
    },
  )
}

async function createMissing(
  context: ClusterContext,
  user: UserInfo,
  { resource, wanted }: { resource: ServedResource; wanted: KubeObject },
): Promise<void> {
  const draft = structuredClone(wanted) as Draft
  const { namespace } = wanted.metadata
  try {
    await create(context, { user }, { resource, namespace, draft, options: WRITE })
  } catch (error) {
    if (!isReason(error, 'AlreadyExists')) throw error
  }
}
