// Keeps the flow schemas and priority levels that every cluster has: those that were deleted come back, and those
// that say that they follow the server are as it has them. Kubernetes looks once a minute; here each write is
// looked at.
import { isReason } from '#base/errors.ts'
import { WorkQueue } from '#base/work-queue.ts'
import type { KubeObject } from '#kinds/object.ts'
import { deepEqual } from '#kinds/validate/equal.ts'
import type { ClusterContext, Draft } from '../context.ts'
import { keyFor, type ServedResource } from '../resources.ts'
import { create } from '../verbs/create.ts'
import { replace } from '../verbs/replace.ts'
import { AUTO_UPDATE, fairnessObjects } from './fairness-objects.ts'
import { SERVER } from '../server-user.ts'

const GROUP = 'flowcontrol.apiserver.k8s.io'
const KINDS = ['FlowSchema', 'PriorityLevelConfiguration']
const OPTIONS = { dryRun: false, fieldValidation: 'Strict' as const }
const ALL = 'all'

interface WithSpec extends KubeObject {
  spec?: unknown
}

/** Follows what is written; `close` ends that. Clusters that do not serve the kinds have nothing to keep. */
export function keepFairnessObjects(context: ClusterContext): { close(): Promise<void> } {
  const { clock, random, log, objects, resources } = context
  const served = KINDS.flatMap((kind) => resources.findKind(GROUP, kind) ?? [])
  const queue = new WorkQueue({
    name: `flow schemas and priority levels of ${context.name}`,
    clock,
    random,
    log,
    reconcile: async () => {
      for (const resource of served)
        for (const object of fairnessObjects)
          if (object.kind === resource.kind) await keep(context, resource, object)
    },
  })
  queue.start()
  const watches = served.map(({ prefix }) =>
    objects.store.watch(prefix, objects.revision, { events: () => queue.add(ALL) }),
  )
  return {
    async close() {
      for (const watch of watches) watch.close()
      await queue.stop()
    },
  }
}

async function keep(
  context: ClusterContext,
  resource: ServedResource,
  wanted: WithSpec,
): Promise<void> {
  const { name } = wanted.metadata
  const draft = () => structuredClone(wanted) as Draft
  const stored = context.objects.getAccepted(keyFor(resource, undefined, name))
  try {
    if (stored === undefined)
      await create(
        context,
        { user: SERVER },
        { resource, namespace: undefined, draft: draft(), options: OPTIONS },
      )
    else if (isToBeMended(resource, stored.object, wanted))
      await replace(
        context,
        { user: SERVER },
        {
          target: { resource, namespace: undefined, name, subresource: undefined },
          dryRun: false,
          change: ({ object }) =>
            ({ ...structuredClone(object), spec: draft()['spec'] }) as unknown as Draft,
        },
      )
  } catch (error) {
    // Somebody was faster: what he wrote is looked at next.
    if (!isReason(error, 'AlreadyExists') && !isReason(error, 'NotFound')) throw error
  }
}

function isToBeMended({ definition }: ServedResource, stored: WithSpec, wanted: WithSpec): boolean {
  // Whoever takes the mark away has the object as his own.
  if (stored.metadata.annotations?.[AUTO_UPDATE] !== 'true') return false
  const whole = structuredClone(wanted)
  definition.defaults(whole)
  return !deepEqual(stored.spec, whole.spec)
}
