// Writes into each policy's status what came of looking at its types.
import { isReason } from '#base/errors.ts'
import { WorkQueue } from '#base/work-queue.ts'
import type { ValidatingAdmissionPolicy } from '#kinds/k8s/admissionregistration.ts'
import type { ClusterContext, Draft } from '../../context.ts'
import { prefixFor } from '../../resources.ts'
import { replace } from '../../verbs/replace.ts'
import { checkTypes } from './check-types.ts'
import { SERVER } from '../../server-user.ts'

const GROUP = 'admissionregistration.k8s.io'

export function serveTypeChecking(context: ClusterContext): { close(): Promise<void> } {
  const { objects, clock, random, log } = context
  const prefix = prefixFor(GROUP, 'validatingadmissionpolicies')
  const queue = new WorkQueue({
    name: `types of policies of ${context.name}`,
    clock,
    random,
    log,
    reconcile: async (key) => {
      const policy = objects.get(key)?.object as ValidatingAdmissionPolicy | undefined
      if (policy !== undefined && isUnchecked(policy)) await writeStatus(context, policy)
    },
  })
  for (const { key } of objects.list(prefix)) queue.add(key)
  const watch = objects.store.watch(prefix, objects.revision, {
    events(events) {
      for (const { key, type } of events) if (type === 'put') queue.add(key)
    },
  })
  queue.start()
  return {
    async close() {
      watch.close()
      await queue.stop()
    },
  }
}

const isUnchecked = ({ metadata, status }: ValidatingAdmissionPolicy): boolean =>
  metadata.deletionTimestamp === undefined && status?.observedGeneration !== metadata.generation

async function writeStatus(
  context: ClusterContext,
  { metadata }: ValidatingAdmissionPolicy,
): Promise<void> {
  const resource = context.resources.findKind(GROUP, 'ValidatingAdmissionPolicy')
  if (resource === undefined) return
  const target = { resource, namespace: undefined, name: metadata.name, subresource: 'status' }
  const change = {
    target,
    dryRun: false,
    byServer: true,
    change({ object }: { object: object }) {
      const draft = structuredClone(object) as ValidatingAdmissionPolicy
      const expressionWarnings = checkTypes(draft, context.resources)
      draft.status = {
        ...draft.status,
        observedGeneration: draft.metadata.generation,
        typeChecking: expressionWarnings.length === 0 ? {} : { expressionWarnings },
      }
      return draft as unknown as Draft
    },
  }
  try {
    await replace(context, { user: SERVER }, change)
  } catch (error) {
    // One that is gone needs no status.
    if (!isReason(error, 'NotFound')) throw error
  }
}
