import type { PersistentVolumeClaim, PersistentVolumeClaimSpec } from '../k8s/core.ts'
import { canonicalizeQuantities } from '../quantity.ts'

/** The claim of a pod's own ephemeral volume has no more than this. */
export function defaultClaimSpec(spec: PersistentVolumeClaimSpec): void {
  spec.volumeMode ||= 'Filesystem'
  spec.resources ??= {}
  canonicalizeQuantities(spec.resources.requests)
  canonicalizeQuantities(spec.resources.limits)
  mirrorDataSource(spec)
}

/** `dataSource` is the older, narrower form of `dataSourceRef`: what one says the other says too. */
function mirrorDataSource(spec: PersistentVolumeClaimSpec): void {
  const { dataSource, dataSourceRef } = spec
  if (dataSource !== undefined && dataSourceRef === undefined)
    spec.dataSourceRef = { ...dataSource }
  if (dataSource !== undefined || dataSourceRef === undefined || dataSourceRef.namespace) return
  const { apiGroup, kind, name } = dataSourceRef
  spec.dataSource = apiGroup === undefined ? { kind, name } : { apiGroup, kind, name }
}

export function defaultClaim(claim: PersistentVolumeClaim): void {
  claim.spec ??= {}
  defaultClaimSpec(claim.spec)
  claim.status ??= {}
  claim.status.phase ||= 'Pending'
  canonicalizeQuantities(claim.status.capacity)
  canonicalizeQuantities(claim.status.allocatedResources)
}
