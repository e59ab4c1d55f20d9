// Eviction: a delete of a pod that a PodDisruptionBudget may refuse.
import { rfc3339 } from '#base/clock.ts'
import { notFound, StatusError } from '#base/errors.ts'
import type { Pod, PodCondition } from '#kinds/k8s/core.ts'
import type { Eviction, PodDisruptionBudget } from '#kinds/k8s/policy.ts'
import { matchesLabelSelector } from '#kinds/label-selector.ts'
import { conditionOf, withCondition } from '#kinds/meta.ts'
import { admitUnstored } from '../admission/admit-unstored.ts'
import { successStatus } from '../api-errors.ts'
import type { Call, ClusterContext, Draft, Outcome, Target } from '../context.ts'
import type { DeleteRequest, Propagation } from '../request-options.ts'
import { readWriteOptions } from '../request-options.ts'
import { keyFor } from '../resources.ts'
import { remove } from '../verbs/delete.ts'
import { replace } from '../verbs/replace.ts'
import { readBodyAs } from './read-body.ts'

const EVICTION = {
  kind: 'Eviction',
  apiVersion: 'policy/v1',
  schema: 'io.k8s.api.policy.v1.Eviction',
}

export async function evictPod(
  context: ClusterContext,
  call: Call,
  target: Target,
): Promise<Outcome> {
  const eviction = readBodyAs<Eviction>(call, EVICTION)
  const { dryRun } = readWriteOptions(call.request.query, 'CreateOptions')
  await admitUnstored(context, call, {
    operation: 'CREATE',
    target,
    object: eviction,
    kind: { group: 'policy', version: 'v1', kind: EVICTION.kind },
    dryRun,
  })
  const { deleteOptions } = eviction
  const stored = context.objects.getAccepted(keyFor(target.resource, target.namespace, target.name))
  if (stored === undefined) throw notFound({ group: '', resource: 'pods' }, target.name)
  const pod = stored.object as Pod
  if (countsForBudgets(pod)) await spendBudget(context, call, pod, dryRun)
  const isDry = dryRun || (deleteOptions?.dryRun?.length ?? 0) > 0
  const { uid = pod.metadata.uid, resourceVersion } = deleteOptions?.preconditions ?? {}
  // Of another pod than was meant, the deletion below says that it is.
  const marked =
    isDry || uid !== pod.metadata.uid
      ? resourceVersion
      : await markEvicted(context, call, { target, resourceVersion })
  const options: DeleteRequest = {
    dryRun: isDry,
    gracePeriodSeconds: deleteOptions?.gracePeriodSeconds,
    propagation: deleteOptions?.propagationPolicy as Propagation | undefined,
    uid,
    resourceVersion: marked,
  }
  await remove(context, call, { ...target, subresource: undefined }, options)
  return { type: 'object', status: 201, object: successStatus(201) }
}

/**
 * Says on the pod why it goes, for whoever watches it end. Where the pod had to have a version, gives the
 * one it must have now.
 */
async function markEvicted(
  context: ClusterContext,
  call: Call,
  { target, resourceVersion }: { target: Target; resourceVersion: string | undefined },
): Promise<string | undefined> {
  const condition = {
    type: 'DisruptionTarget',
    status: 'True',
    reason: 'EvictionByEvictionAPI',
    message: 'Eviction API: evicting',
  }
  const { object: marked } = await replace(context, call, {
    target: { ...target, subresource: 'status' },
    dryRun: false,
    byServer: true,
    change({ object }) {
      const draft = structuredClone(object) as Pod & Draft
      const before = draft.status?.conditions
      const conditions = withCondition<PodCondition>(before, condition, context.clock.now())
      draft.status = { ...draft.status, conditions }
      if (resourceVersion !== undefined) draft.metadata.resourceVersion = resourceVersion
      return draft
    },
  })
  return resourceVersion === undefined ? undefined : marked.metadata.resourceVersion
}

/** A pod that is done, not started or going already takes nothing from a budget. */
function countsForBudgets({ metadata, status }: Pod): boolean {
  if (metadata.deletionTimestamp !== undefined) return false
  return !['Succeeded', 'Failed', 'Pending'].includes(status?.phase ?? '')
}

const BUDGETS = { group: 'policy', resource: 'poddisruptionbudgets' }

async function spendBudget(
  context: ClusterContext,
  call: Call,
  pod: Pod,
  dryRun: boolean,
): Promise<void> {
  const resource = context.resources.find(BUDGETS.group, 'v1', BUDGETS.resource)
  if (resource === undefined) return
  const namespace = pod.metadata.namespace!
  const budgets = context.objects
    .list(`${resource.prefix}${namespace}/`)
    .map(({ object }) => object as PodDisruptionBudget)
    .filter(({ spec }) => matchesLabelSelector(spec?.selector, pod.metadata.labels))
  if (budgets.length === 0) return
  if (budgets.length > 1)
    throw new StatusError(
      'InternalError',
      'This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.',
    )
  if (mayGoUnready(pod, budgets[0]!)) return
  const { name } = budgets[0]!.metadata
  await replace(context, call, {
    target: { resource, namespace, name, subresource: 'status' },
    dryRun,
    byServer: true,
    change: ({ object }) => spent(object as PodDisruptionBudget, pod, rfc3339(context.clock.now())),
  })
}

/**
 * A pod that serves nobody takes nothing from a budget whose healthy pods are enough, or that says so itself
 * (k8s.io/kubernetes eviction.go, spec.unhealthyPodEvictionPolicy).
 */
function mayGoUnready(pod: Pod, { spec, status }: PodDisruptionBudget): boolean {
  if (conditionOf(pod.status?.conditions, 'Ready')?.status === 'True') return false
  if (spec.unhealthyPodEvictionPolicy === 'AlwaysAllow') return true
  const { currentHealthy = 0, desiredHealthy = 0 } = status ?? {}
  return desiredHealthy > 0 && currentHealthy >= desiredHealthy
}

/** Retry-After of an answer that only the budget's controller can change (k8s.io/kubernetes eviction.go). */
const UNPROCESSED_RETRY_SECONDS = 10

function spent(budget: PodDisruptionBudget, pod: Pod, now: string): Draft {
  const { status, metadata } = budget
  // Until its controller has seen the newest wish, nobody knows what that allows.
  if ((status?.observedGeneration ?? 0) < (metadata.generation ?? 0))
    throw new StatusError(
      'TooManyRequests',
      "Cannot evict pod as it would violate the pod's disruption budget.",
      {
        details: {
          retryAfterSeconds: UNPROCESSED_RETRY_SECONDS,
          causes: [
            {
              reason: 'DisruptionBudget',
              message: `The disruption budget ${metadata.name} is still being processed by the server.`,
            },
          ],
        },
      },
    )
  const allowed = status?.disruptionsAllowed ?? 0
  if (status === undefined || allowed <= 0) throw refused(budget)
  const draft = structuredClone(budget)
  draft.status = {
    ...structuredClone(status),
    disruptionsAllowed: allowed - 1,
    // The budget's controller takes the pod from here once it has seen it go, or when it does not.
    disruptedPods: { ...status.disruptedPods, [pod.metadata.name]: now },
  }
  return draft as PodDisruptionBudget & Draft
}

function refused({ metadata, status }: PodDisruptionBudget): StatusError {
  const needs = `The disruption budget ${metadata.name} needs ${status?.desiredHealthy ?? 0} healthy pods and has ${status?.currentHealthy ?? 0} currently`
  return new StatusError(
    'TooManyRequests',
    "Cannot evict pod as it would violate the pod's disruption budget.",
    { details: { causes: [{ reason: 'DisruptionBudget', message: needs }] } },
  )
}
