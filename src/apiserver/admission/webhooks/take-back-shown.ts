// What a webhook made of something that is asked with, but never stored as it is: a Scale, an Eviction, the options
// of an exec.
import type { Scale } from '#kinds/k8s/autoscaling-v1.ts'
import { deepEqual } from '#kinds/validate/equal.ts'
import { badRequest } from '#base/errors.ts'
import { isRecord } from '../../body.ts'
import type { Draft } from '../../context.ts'
import type { ServedResource } from '../../resources.ts'
import { decodeBodyAs } from '../../subresources/read-body.ts'
import { checkScale, scaleOf, setReplicas } from '../../subresources/scale.ts'
import type { AdmissionRequest, ObjectKind } from '../plugin.ts'

export interface Shown {
  /** With what will be acted upon. */
  request: AdmissionRequest
  /** What it was shown as. */
  kind: ObjectKind
  from: ServedResource
}

/** Their schemas; the options of connections have none, and whoever reads them takes what it knows. */
const SCHEMAS: Readonly<Record<string, string>> = {
  Scale: 'io.k8s.api.autoscaling.v1.Scale',
  Binding: 'io.k8s.api.core.v1.Binding',
  Eviction: 'io.k8s.api.policy.v1.Eviction',
  TokenRequest: 'io.k8s.api.authentication.v1.TokenRequest',
}

/** Whether that changed anything. Throws what is wrong with `value`. */
export function takeBackShown({ request, kind: shownAs, from }: Shown, value: unknown): boolean {
  const { group, version, kind } = shownAs
  const apiVersion = group === '' ? version : `${group}/${version}`
  const schema = SCHEMAS[kind]
  const object = request.object as Draft
  const next =
    schema === undefined
      ? recordOf(value, kind)
      : decodeBodyAs<Record<string, unknown>>(value, { kind, apiVersion, schema })
  if (request.objectKind === undefined)
    return takeScale(object, next as unknown as Scale, { from, name: request.name })
  if (deepEqual(next, object)) return false
  for (const key of Object.keys(object)) delete (object as Record<string, unknown>)[key]
  Object.assign(object, next)
  return true
}

/** Of a Scale the number of replicas is all that can be wished for. */
function takeScale(
  object: Draft,
  scale: Scale,
  { from, name }: { from: ServedResource; name: string },
): boolean {
  checkScale(scale, name)
  const replicas = scale.spec?.replicas ?? 0
  if (scaleOf(from, object).spec?.replicas === replicas) return false
  setReplicas(from, object, replicas)
  return true
}

function recordOf(value: unknown, kind: string): Record<string, unknown> {
  if (isRecord(value) && value['kind'] === kind) return value
  throw badRequest(`the patch must leave a ${kind}`)
}
