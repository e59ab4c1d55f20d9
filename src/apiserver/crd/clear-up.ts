import type { ReconcileResult } from '#base/work-queue.ts'
import type { CustomResourceDefinition } from '#kinds/k8s/apiextensions.ts'
import type { ClusterContext } from '../context.ts'
import { prefixFor } from '../resources.ts'
import { remove } from '../verbs/delete.ts'
import { CLEAN_UP_FINALIZER } from './crd-names.ts'
import { storedResource } from './custom-resource.ts'
import { SERVER } from '../server-user.ts'
import { ignoreNotFound, writeDefinition } from './write-definition.ts'

const AGAIN_AFTER_MS = 1_000

/** Deletes the objects of a definition that goes; lets the definition go once none is left. */
export async function clearUp(
  context: ClusterContext,
  definition: CustomResourceDefinition,
): Promise<ReconcileResult> {
  const { group, names } = definition.spec
  const stored = context.objects.list(prefixFor(group, names.plural))
  if (stored.length > 0) {
    const resource = storedResource(definition)
    const options = {
      dryRun: false,
      gracePeriodSeconds: undefined,
      propagation: undefined,
      uid: undefined,
      resourceVersion: undefined,
    }
    for (const { object } of stored) {
      if (object.metadata.deletionTimestamp !== undefined) continue
      const { name, namespace } = object.metadata
      const target = { resource, name, namespace, subresource: undefined }
      await remove(context, { user: SERVER }, target, options).catch(ignoreNotFound)
    }
    // Objects with finalizers take as long as their controllers do.
    if (context.objects.list(prefixFor(group, names.plural)).length > 0)
      return { afterMs: AGAIN_AFTER_MS }
  }
  await letGo(context, definition.metadata.name)
}

const letGo = (context: ClusterContext, name: string): Promise<void> =>
  writeDefinition(context, name, ({ metadata }) => {
    metadata.finalizers = metadata.finalizers?.filter((one) => one !== CLEAN_UP_FINALIZER)
    if (metadata.finalizers?.length === 0) delete metadata.finalizers
  })
