import { rfc3339 } from '#base/clock.ts'
import { badRequest, conflict } from '#base/errors.ts'
import type { Binding, Pod, PodCondition } from '#kinds/k8s/core.ts'
import { invalid, required } from '#kinds/validate/field-error.ts'
import { admitUnstored } from '../admission/admit-unstored.ts'
import { invalidObject, successStatus, unknownResource } from '../api-errors.ts'
import type { Call, ClusterContext, Draft, Outcome, Target } from '../context.ts'
import { readWriteOptions } from '../request-options.ts'
import { replace } from '../verbs/replace.ts'
import { readBodyAs } from './read-body.ts'

const BINDING = { kind: 'Binding', apiVersion: 'v1', schema: 'io.k8s.api.core.v1.Binding' }

/** Gives a pod its node, once. */
export async function bindPod(
  context: ClusterContext,
  call: Call,
  target: Target,
): Promise<Outcome> {
  return bind(context, call, { target, binding: readBodyAs<Binding>(call, BINDING) })
}

/** The older way: the binding names its pod. */
export async function bindNamed(
  context: ClusterContext,
  call: Call,
  namespace: string | undefined,
): Promise<object> {
  const binding = readBodyAs<Binding>(call, BINDING)
  const resource = context.resources.find('', 'v1', 'pods')
  if (resource === undefined) throw unknownResource()
  const { name } = binding.metadata
  if (!name) throw badRequest('name must be provided')
  const target = { resource, namespace, name, subresource: 'binding' }
  await bind(context, call, { target, binding })
  return successStatus(201)
}

async function bind(
  context: ClusterContext,
  call: Call,
  { target, binding }: { target: Target; binding: Binding },
): Promise<Outcome> {
  const { dryRun } = readWriteOptions(call.request.query, 'CreateOptions')
  await admitUnstored(context, call, {
    operation: 'CREATE',
    target,
    object: binding,
    kind: { group: '', version: 'v1', kind: BINDING.kind },
    dryRun,
    check: () => checkBinding(binding, target.name),
  })
  await replace(context, call, {
    target,
    dryRun,
    byServer: true,
    change: ({ object }) => bound(object as Pod, binding, context.clock.now()),
  })
  return { type: 'object', status: 201, object: successStatus(201) }
}

function checkBinding({ target }: Binding, name: string): void {
  const errors = []
  if (!target.name) errors.push(required('target.name'))
  if (target.kind && target.kind !== 'Node')
    errors.push(invalid('target.kind', target.kind, 'must be Node or <empty>'))
  if (errors.length > 0) throw invalidObject({ group: '', kind: 'Binding' }, name, errors)
}

function bound(pod: Pod, binding: Binding, now: number): Draft {
  const { name, uid, deletionTimestamp } = pod.metadata
  const refuse = (why: string) => conflict({ group: '', resource: 'pods/binding' }, name, why)
  const wantedUid = binding.metadata.uid
  if (wantedUid && wantedUid !== uid)
    throw refuse(
      `Precondition failed: UID in precondition: ${wantedUid}, UID in object meta: ${uid ?? ''}`,
    )
  if (deletionTimestamp !== undefined)
    throw refuse(`pod ${name} is being deleted, cannot be assigned to a host`)
  if (pod.spec.nodeName)
    throw refuse(`pod ${name} is already assigned to node ${JSON.stringify(pod.spec.nodeName)}`)
  const draft = structuredClone(pod)
  draft.spec.nodeName = binding.target.name
  draft.metadata.annotations = { ...draft.metadata.annotations, ...binding.metadata.annotations }
  if (Object.keys(draft.metadata.annotations).length === 0) delete draft.metadata.annotations
  const scheduled: PodCondition = {
    type: 'PodScheduled',
    status: 'True',
    lastProbeTime: null,
    lastTransitionTime: rfc3339(now),
  }
  const others = (draft.status?.conditions ?? []).filter(({ type }) => type !== scheduled.type)
  draft.status = { ...draft.status, conditions: [...others, scheduled] }
  // It has its place: room is kept for it no more.
  delete draft.status.nominatedNodeName
  return draft as Pod & Draft
}
