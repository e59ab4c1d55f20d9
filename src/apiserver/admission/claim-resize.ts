// A bound claim grows only where its storage class says that volumes can.
import type { PersistentVolumeClaim } from '#kinds/k8s/core.ts'
import type { StorageClass } from '#kinds/k8s/storage.ts'
import { compareQuantities } from '#kinds/quantity.ts'
import { forbidden } from '../api-errors.ts'
import type { AdmissionPlugin, ObjectReader } from './plugin.ts'

const sizeOf = ({ spec }: PersistentVolumeClaim) => spec.resources?.requests?.['storage'] ?? '0'

export function persistentVolumeClaimResize(reader: ObjectReader): AdmissionPlugin {
  const canGrow = (claim: PersistentVolumeClaim, old: PersistentVolumeClaim): boolean => {
    const name = claim.spec.storageClassName
    if (!name || name !== old.spec.storageClassName) return false
    const found = reader.get('storage.k8s.io', 'storageclasses', undefined, name)
    return (found as StorageClass | undefined)?.allowVolumeExpansion === true
  }
  return {
    name: 'PersistentVolumeClaimResize',
    validate({ operation, group, resource, subresource, object, old, name }) {
      if (operation !== 'UPDATE' || group !== '' || resource !== 'persistentvolumeclaims') return
      if (subresource !== undefined || object === undefined || old === undefined) return
      const [claim, before] = [object as PersistentVolumeClaim, old as PersistentVolumeClaim]
      if (compareQuantities(sizeOf(claim), sizeOf(before)) <= 0) return
      const refuse = (why: string) => forbidden({ group, resource }, name, why)
      if (before.status?.phase !== 'Bound')
        throw refuse('Only bound persistent volume claims can be expanded')
      if (!canGrow(claim, before))
        throw refuse(
          'only dynamically provisioned pvc can be resized and the storageclass that provisions the pvc must support resize',
        )
    },
  }
}
