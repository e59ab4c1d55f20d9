// What a PersistentVolumeClaim counts for in quotas, and which scopes it is in.
import type { PersistentVolumeClaim, ScopedResourceSelectorRequirement } from '../k8s/core.ts'
import type { Quantity } from '../object.ts'
import { type Amounts, maxOfEach, pickAmounts } from './amounts.ts'

const CLAIM_NAMES = ['count/persistentvolumeclaims', 'persistentvolumeclaims', 'requests.storage']
const OF_CLASS = '.storageclass.storage.k8s.io/'
const CLASS_ANNOTATION = 'volume.beta.kubernetes.io/storage-class'

export const isOfClaims = (name: string): boolean =>
  CLAIM_NAMES.includes(name) ||
  name.endsWith(`${OF_CLASS}persistentvolumeclaims`) ||
  name.endsWith(`${OF_CLASS}requests.storage`)

export function claimUsage({ metadata, spec, status }: PersistentVolumeClaim): Amounts {
  const storageClass = metadata.annotations?.[CLASS_ANNOTATION] ?? spec.storageClassName
  // While a claim shrinks back after a failed growth, what was set aside for it still counts.
  const { storage } = maxOfEach(
    storageOf(spec.resources?.requests),
    storageOf(status?.allocatedResources),
  )
  const usage: Record<string, Quantity> = {
    'count/persistentvolumeclaims': '1',
    persistentvolumeclaims: '1',
  }
  if (storageClass) usage[`${storageClass}${OF_CLASS}persistentvolumeclaims`] = '1'
  if (storage === undefined) return usage
  usage['requests.storage'] = storage
  if (storageClass) usage[`${storageClass}${OF_CLASS}requests.storage`] = storage
  return usage
}

const storageOf = (amounts: Amounts | undefined): Amounts =>
  pickAmounts(amounts ?? {}, (name) => name === 'storage')

export function isClaimInScope(
  { scopeName, operator, values = [] }: ScopedResourceSelectorRequirement,
  { spec, status }: PersistentVolumeClaim,
): boolean {
  if (scopeName !== 'VolumeAttributesClass') return false
  const names = [
    spec.volumeAttributesClassName,
    status?.currentVolumeAttributesClassName,
    status?.modifyVolumeStatus?.targetVolumeAttributesClassName,
  ].flatMap((name) => name || [])
  switch (operator) {
    case 'Exists':
      return names.length > 0
    case 'DoesNotExist':
      return names.length === 0
    case 'In':
      return names.some((name) => values.includes(name))
    case 'NotIn':
      return names.every((name) => !values.includes(name))
  }
}
