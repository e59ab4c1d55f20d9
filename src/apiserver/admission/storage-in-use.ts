// Claims and volumes are held by a finalizer from their start; controllers let them go once nobody uses
// them (StorageObjectInUseProtection).
import { addFinalizer } from '#kinds/meta.ts'
import { CLAIM_PROTECTION, VOLUME_PROTECTION } from '#kinds/protection.ts'
import type { AdmissionPlugin } from './plugin.ts'

const FINALIZERS: Readonly<Record<string, string>> = {
  persistentvolumeclaims: CLAIM_PROTECTION,
  persistentvolumes: VOLUME_PROTECTION,
}

export const storageInUse: AdmissionPlugin = {
  name: 'StorageObjectInUseProtection',
  admit({ operation, group, resource, object }) {
    if (operation !== 'CREATE' || group !== '' || object === undefined) return
    const finalizer = Object.hasOwn(FINALIZERS, resource) ? FINALIZERS[resource] : undefined
    if (finalizer !== undefined) addFinalizer(object, finalizer)
  },
}
