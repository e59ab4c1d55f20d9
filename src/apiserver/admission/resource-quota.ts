// Nothing is stored beyond what the quotas of its namespace leave. A quota is charged in the commit that
// stores the object, from what is accepted by then: of writes side by side none is missed, and a write
// that does not happen costs nothing. See docs/decisions/0041.
import type { Clock } from '#base/clock.ts'
import type { Pod, ResourceQuota } from '#kinds/k8s/core.ts'
import { isTerminating } from '#kinds/quota/pod-usage.ts'
import { forbidden } from '../api-errors.ts'
import type { KeyedDraft, ObjectStorage } from '../objects/object-storage.ts'
import { prefixFor } from '../resources.ts'
import type { AdmissionPlugin, AdmissionRequest } from './plugin.ts'
import { chargeQuota } from './quota-charge.ts'

/** They come and go too fast, and are not stored for their makers. */
const IGNORED = new Set(['/events', 'events.k8s.io/events', '/bindings'])

export function resourceQuotaAdmission(objects: ObjectStorage, clock: Clock): AdmissionPlugin {
  return {
    name: 'ResourceQuota',
    validate(request) {
      if (!changesUsage(request)) return
      request.joinCommit(() => charge(objects, request, clock.now()))
    },
  }
}

/** Whether a write can make an object count for more; a kind of many writes is named with reasons. */
function changesUsage(request: AdmissionRequest): boolean {
  const { operation, group, resource, subresource, namespace, object, old } = request
  if (namespace === undefined || object === undefined) return false
  if (IGNORED.has(`${group}/${resource}`)) return false
  if (operation === 'CREATE') return subresource === undefined
  if (group !== '') return false
  switch (resource) {
    case 'pods':
      if (subresource === 'resize') return true
      return (
        subresource === undefined &&
        old !== undefined &&
        isTerminating(old as Pod) !== isTerminating(object as Pod)
      )
    case 'services':
    case 'persistentvolumeclaims':
      return subresource === undefined
    default:
      return false
  }
}

function charge(objects: ObjectStorage, request: AdmissionRequest, nowMs: number): KeyedDraft[] {
  const { group, resource, name, namespace = '', object, old } = request
  if (object === undefined) return []
  const charges: KeyedDraft[] = []
  for (const { key } of objects.list(`${prefixFor('', 'resourcequotas')}${namespace}/`)) {
    const stored = objects.getAccepted(key)
    if (stored === undefined) continue
    const quota = stored.object as ResourceQuota
    const charged = chargeQuota(quota, { group, resource, object, old, nowMs })
    if (charged.type === 'refused') throw forbidden({ group, resource }, name, charged.why)
    if (charged.type === 'none') continue
    const draft = { ...quota, status: { ...quota.status, used: charged.used } }
    charges.push({ key, draft, expect: stored.revision })
  }
  return charges
}
