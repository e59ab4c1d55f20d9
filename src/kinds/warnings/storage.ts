// GetWarningsForPersistentVolume and GetWarningsForPersistentVolumeClaim of k8s.io/kubernetes pkg/api.
import type { PersistentVolume, PersistentVolumeClaim } from '../k8s/core.ts'
import { parseQuantity } from '../quantity.ts'
import { BETA_STORAGE_CLASS } from '../storage-terms.ts'
import { nodeTermWarnings } from './node-labels.ts'

const BILLION = 1_000_000_000n

function classWarnings({ metadata }: Pick<PersistentVolume, 'metadata'>): string[] {
  return metadata.annotations?.[BETA_STORAGE_CLASS] === undefined
    ? []
    : [
        `metadata.annotations[${BETA_STORAGE_CLASS}]: deprecated since v1.8; use "storageClassName" attribute instead`,
      ]
}

export function fractionWarnings(field: string, amount: string | number | undefined): string[] {
  if (amount === undefined || parseQuantity(amount).nanos % BILLION === 0n) return []
  return [`${field}: fractional byte value "${amount}" is invalid, must be an integer`]
}

export function volumeWarnings(volume: PersistentVolume): string[] {
  const { capacity, persistentVolumeReclaimPolicy, nodeAffinity } = volume.spec
  const warnings = classWarnings(volume)
  if (persistentVolumeReclaimPolicy === 'Recycle')
    warnings.push(
      'spec.persistentVolumeReclaimPolicy: The Recycle reclaim policy is deprecated. Instead, the recommended approach is to use dynamic provisioning.',
    )
  const terms = nodeAffinity?.required?.nodeSelectorTerms ?? []
  return [
    ...warnings,
    ...terms.flatMap((term, index) =>
      nodeTermWarnings(term, `spec.nodeAffinity.required.nodeSelectorTerms[${index}]`, {
        checksValues: false,
      }),
    ),
    ...fractionWarnings('spec.capacity[storage]', capacity?.['storage']),
  ]
}

export function claimSpecWarnings(
  { resources }: Pick<PersistentVolumeClaim['spec'], 'resources'>,
  field: string,
): string[] {
  const { requests, limits } = resources ?? {}
  return [
    ...fractionWarnings(`${field}.resources.requests[storage]`, requests?.['storage']),
    ...fractionWarnings(`${field}.resources.limits[storage]`, limits?.['storage']),
  ]
}

export const claimWarnings = (claim: PersistentVolumeClaim): string[] => [
  ...classWarnings(claim),
  ...claimSpecWarnings(claim.spec, 'spec'),
]
