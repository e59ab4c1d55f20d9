// The server's own changes of definitions: finalizers and status.
import { isReason } from '#base/errors.ts'
import type { CustomResourceDefinition } from '#kinds/k8s/apiextensions.ts'
import type { ClusterContext, Draft } from '../context.ts'
import { replace } from '../verbs/replace.ts'
import { CRD_GROUP } from './crd-names.ts'
import { SERVER } from '../server-user.ts'

/** Changes a definition in place, however often others write meanwhile. One that is gone is left alone. */
export async function writeDefinition(
  context: ClusterContext,
  name: string,
  change: (definition: CustomResourceDefinition) => void,
): Promise<void> {
  const resource = context.resources.findKind(CRD_GROUP, 'CustomResourceDefinition')
  if (resource === undefined) return
  await replace(
    context,
    { user: SERVER },
    {
      target: { resource, namespace: undefined, name, subresource: 'status' },
      dryRun: false,
      byServer: true,
      change({ object }) {
        const draft = structuredClone(object)
        change(draft as CustomResourceDefinition)
        return draft as Draft
      },
    },
  ).catch(ignoreNotFound)
}

export function ignoreNotFound(error: unknown): undefined {
  if (isReason(error, 'NotFound')) return undefined
  throw error
}
