// What a write of a subresource looks like to webhooks, where that is an object of another kind.
import type { KubeObject } from '#kinds/object.ts'
import type { ServedResource } from '../../resources.ts'
import { scaleOf } from '../../subresources/scale.ts'
import type { AdmissionRequest } from '../plugin.ts'

/** The request with the objects that the subresource shows. */
export function asShown(request: AdmissionRequest, resource: ServedResource): AdmissionRequest {
  const { subresource, object, old } = request
  if (subresource !== 'scale' || request.objectKind !== undefined) return request
  const scale = (one: KubeObject | undefined) =>
    one === undefined ? undefined : (scaleOf(resource, one) as KubeObject)
  return {
    ...request,
    objectKind: { group: 'autoscaling', version: 'v1', kind: 'Scale' },
    object: scale(object),
    old: scale(old),
  }
}
