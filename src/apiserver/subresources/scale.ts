// The `scale` subresource: how many replicas, in the same form for every kind.
import { conflict } from '#base/errors.ts'
import type { LabelSelector } from '#kinds/k8s/meta.ts'
import type { Scale } from '#kinds/k8s/autoscaling-v1.ts'
import { formatLabelSelector } from '#kinds/label-selector.ts'
import type { KubeObject } from '#kinds/object.ts'
import { nonNegative } from '#kinds/validate/field-error.ts'
import { invalidObject, unknownResource } from '../api-errors.ts'
import type { Call, ClusterContext, Draft, Outcome, Target } from '../context.ts'
import { readWriteOptions } from '../request-options.ts'
import type { ScalePaths, ServedResource } from '../resources.ts'
import { resourceName } from '../resources.ts'
import { parseBody } from '../body.ts'
import { applyTo, readApplyOptions } from '../verbs/apply.ts'
import { get } from '../verbs/get.ts'
import { readPatch } from '../verbs/patch.ts'
import { replace } from '../verbs/replace.ts'
import { decodeBodyAs, readBodyAs } from './read-body.ts'

const SCALE = {
  kind: 'Scale',
  apiVersion: 'autoscaling/v1',
  schema: 'io.k8s.api.autoscaling.v1.Scale',
}

const BUILTIN_PATHS: ScalePaths = {
  specReplicas: ['spec', 'replicas'],
  statusReplicas: ['status', 'replicas'],
  labelSelector: ['spec', 'selector'],
}

export async function getScale(
  context: ClusterContext,
  call: Call,
  target: Target,
): Promise<Outcome> {
  const outcome = await get(context, call, target)
  if (outcome.type !== 'object') throw unknownResource()
  return answer(scaleOf(target.resource, outcome.object as KubeObject))
}

export function updateScale(context: ClusterContext, call: Call, target: Target): Promise<Outcome> {
  const wanted = readBodyAs<Scale>(call, SCALE)
  return write(context, call, target, { kind: 'UpdateOptions', scale: () => wanted })
}

export function patchScale(context: ClusterContext, call: Call, target: Target): Promise<Outcome> {
  if (call.request.patchType === 'application/apply-patch+yaml')
    return applyScale(context, call, target)
  const change = readPatch(call, { custom: false, schema: SCALE.schema, kind: SCALE.kind })
  return write(context, call, target, {
    kind: 'PatchOptions',
    scale: (current) =>
      decodeBodyAs<Scale>(change.apply(current as unknown as Record<string, unknown>), SCALE),
  })
}

/** Who applies a scale owns how many replicas there are, and nothing else. */
async function applyScale(context: ClusterContext, call: Call, target: Target): Promise<Outcome> {
  const { resource, namespace, name } = target
  const options = readApplyOptions(call)
  const { value } = parseBody(call.request.body, SCALE.kind)
  const applied = decodeBodyAs<Scale>(value, SCALE)
  checkScale(applied, name)
  const { spec } = applied
  const { apiVersion, kind } = resource
  const config = { apiVersion, kind, metadata: { name, namespace } }
  if (spec?.replicas !== undefined) setReplicas(resource, config, spec.replicas)
  const outcome = await applyTo(context, call, { target, options, config })
  if (outcome.type !== 'object') throw unknownResource()
  return answer(scaleOf(resource, outcome.object as KubeObject))
}

interface ScaleWrite {
  kind: 'UpdateOptions' | 'PatchOptions'
  /** The scale wished for, given the current one. */
  scale: (current: Scale) => Scale
}

async function write(
  context: ClusterContext,
  call: Call,
  target: Target,
  { kind, scale }: ScaleWrite,
): Promise<Outcome> {
  const { resource, name } = target
  const { dryRun } = readWriteOptions(call.request.query, kind)
  const { object } = await replace(context, call, {
    target,
    dryRun,
    change(current) {
      const wanted = scale(scaleOf(resource, current.object))
      checkScale(wanted, name)
      const { uid, resourceVersion } = wanted.metadata
      if (uid && uid !== current.object.metadata.uid)
        throw conflict(resourceName(resource), name, 'the UID does not match')
      const draft = structuredClone(current.object) as Draft
      draft.metadata.resourceVersion = resourceVersion
      setReplicas(resource, draft, wanted.spec?.replicas ?? 0)
      return draft
    },
  })
  return answer(scaleOf(resource, object))
}

const answer = (scale: Scale): Outcome => ({ type: 'object', status: 200, object: scale })

export function checkScale({ spec }: Scale, name: string): void {
  const errors = nonNegative('spec.replicas', spec?.replicas)
  if (errors.length > 0)
    throw invalidObject({ group: 'autoscaling', kind: SCALE.kind }, name, errors)
}

/** Writes the number to where the kind keeps it. */
export const setReplicas = (
  resource: ServedResource,
  object: Record<string, unknown>,
  replicas: number,
): void => writePath(object, (resource.scale ?? BUILTIN_PATHS).specReplicas, replicas)

/** The form of a kind's object that `scale` reads and writes. */
export function scaleOf(resource: ServedResource, object: KubeObject): Scale {
  const paths = resource.scale ?? BUILTIN_PATHS
  const { name, namespace, uid, resourceVersion, creationTimestamp } = object.metadata
  const selector = selectorText(readPath(object, paths.labelSelector ?? []))
  return {
    kind: SCALE.kind,
    apiVersion: SCALE.apiVersion,
    metadata: { name, namespace, uid, resourceVersion, creationTimestamp },
    spec: { replicas: Number(readPath(object, paths.specReplicas) ?? 0) },
    status: {
      replicas: Number(readPath(object, paths.statusReplicas) ?? 0),
      ...(selector === undefined ? {} : { selector }),
    },
  }
}

function selectorText(value: unknown): string | undefined {
  if (typeof value === 'string') return value
  if (typeof value !== 'object' || value === null) return undefined
  // A ReplicationController selects by a plain map of labels.
  if (Object.values(value).every((one) => typeof one === 'string'))
    return formatLabelSelector({ matchLabels: value as Record<string, string> })
  return formatLabelSelector(value as LabelSelector)
}

function readPath(object: unknown, path: readonly string[]): unknown {
  let at = path.length === 0 ? undefined : object
  for (const part of path) at = (at as Record<string, unknown> | undefined)?.[part]
  return at
}

function writePath(object: Record<string, unknown>, path: readonly string[], value: unknown): void {
  let at = object
  for (const part of path.slice(0, -1)) at = (at[part] ??= {}) as Record<string, unknown>
  at[path.at(-1)!] = value
}
