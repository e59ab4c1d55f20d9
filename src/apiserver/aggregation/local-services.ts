// An APIService for each group and version that is served here: kept as long as it is served, whatever
// anybody makes of it.
import { isReason } from '#base/errors.ts'
import { WorkQueue } from '#base/work-queue.ts'
import type { APIService } from '#kinds/k8s/apiregistration.ts'
import { timestampOf } from '#kinds/meta.ts'
import { apiServices } from '#kinds/refs.ts'
import { deepEqual } from '#kinds/validate/equal.ts'
import type { ClusterContext, Draft } from '../context.ts'
import { priorityOf } from '../group-priorities.ts'
import { keyFor, type ServedResource } from '../resources.ts'
import { create } from '../verbs/create.ts'
import { replace } from '../verbs/replace.ts'
import { SERVER } from '../server-user.ts'

export const AUTOMANAGED = 'kube-aggregator.kubernetes.io/automanaged'
const ON_START = 'onstart'
const OPTIONS = { dryRun: false, fieldValidation: 'Strict' as const }
const ALL = 'all'

/** "v1." of the core group, "v1.apps". */
const nameOf = (group: string, version: string): string => `${version}.${group}`

function wantedService(group: string, version: string, isCustom: boolean): APIService {
  const priority = priorityOf(group, version)
  return {
    apiVersion: 'apiregistration.k8s.io/v1',
    kind: 'APIService',
    metadata: {
      name: nameOf(group, version),
      labels: { [AUTOMANAGED]: isCustom ? 'true' : ON_START },
    },
    spec: {
      ...(group === '' ? {} : { group }),
      version,
      groupPriorityMinimum: priority.group,
      versionPriority: priority.version,
    },
  }
}

function wantedServices({ resources }: ClusterContext): Map<string, APIService> {
  const wanted = new Map<string, APIService>()
  const add = (group: string, version: string, isCustom: boolean) => {
    const name = nameOf(group, version)
    // Who serves the list is not on it.
    if (group !== apiServices.group && !wanted.has(name))
      wanted.set(name, wantedService(group, version, isCustom))
  }
  for (const { group, version, custom } of resources.all()) add(group, version, custom)
  for (const { group, version } of resources.reviews()) add(group, version, false)
  return wanted
}

/** Follows what is served, and what is written. Resolves when the first look is done. */
export async function keepLocalServices(
  context: ClusterContext,
): Promise<{ close(): Promise<void> }> {
  const { clock, random, log, objects, resources } = context
  const resource = resources.findKind(apiServices.group, apiServices.kind)
  if (resource === undefined) return { close: () => Promise.resolve() }
  const look = () => reconcile(context, resource)
  const queue = new WorkQueue({
    name: `local API services of ${context.name}`,
    clock,
    random,
    log,
    reconcile: look,
  })
  await look()
  queue.start()
  const again = () => queue.add(ALL)
  const forget = resources.onChange(again)
  const watch = objects.store.watch(resource.prefix, objects.revision, { events: again })
  return {
    async close() {
      forget()
      watch.close()
      await queue.stop()
    },
  }
}

async function reconcile(context: ClusterContext, resource: ServedResource): Promise<void> {
  const wanted = wantedServices(context)
  for (const service of wanted.values()) await ensure(context, resource, service)
  for (const { key, object, revision } of context.objects.list(resource.prefix)) {
    const { name, labels } = object.metadata
    // Another write came first: the look that it brings tries again.
    if (!wanted.has(name) && labels?.[AUTOMANAGED] !== undefined)
      await context.objects.remove(key, revision)
  }
}

async function ensure(
  context: ClusterContext,
  resource: ServedResource,
  wanted: APIService,
): Promise<void> {
  const { name } = wanted.metadata
  const target = { resource, namespace: undefined, name, subresource: undefined }
  const stored = context.objects.getAccepted(keyFor(resource, undefined, name))?.object as
    | APIService
    | undefined
  if (stored === undefined) {
    const draft = structuredClone(wanted) as unknown as Draft
    try {
      await create(
        context,
        { user: SERVER },
        { resource, namespace: undefined, draft, options: OPTIONS },
      )
    } catch (error) {
      if (!isReason(error, 'AlreadyExists')) throw error
    }
  } else if (!isAsWanted(stored, wanted)) {
    await replace(
      context,
      { user: SERVER },
      {
        target,
        dryRun: false,
        change: ({ object }) => madeRight(object as APIService, wanted),
      },
    )
  }
  if (stored?.status?.conditions?.some(isLocal)) return
  await replace(
    context,
    { user: SERVER },
    {
      target: { ...target, subresource: 'status' },
      dryRun: false,
      change: ({ object }) => withLocal(object as APIService, context.clock.now()),
    },
  )
}

const isAsWanted = ({ spec, metadata }: APIService, wanted: APIService): boolean =>
  deepEqual(spec, wanted.spec) &&
  metadata.labels?.[AUTOMANAGED] === wanted.metadata.labels?.[AUTOMANAGED]

function madeRight(stored: APIService, { spec, metadata }: APIService): Draft {
  const labels = { ...stored.metadata.labels, ...metadata.labels }
  return structuredClone({
    ...stored,
    metadata: { ...stored.metadata, labels },
    spec,
  }) as unknown as Draft
}

const LOCAL = { type: 'Available', status: 'True', reason: 'Local' } as const

const isLocal = ({
  type,
  status,
  reason,
}: {
  type: string
  status: string
  reason?: string | undefined
}) => type === LOCAL.type && status === LOCAL.status && reason === LOCAL.reason

function withLocal(stored: APIService, now: number): Draft {
  const condition = {
    ...LOCAL,
    lastTransitionTime: timestampOf(now),
    message: 'Local APIServices are always available',
  }
  return structuredClone({
    ...stored,
    status: { conditions: [condition] },
  }) as unknown as Draft
}
