// Claims and volumes do not go while they are in use: a controller takes these finalizers off.
import type { AdmissionPlugin } from './plugin.ts'

const FINALIZERS: Readonly<Record<string, string>> = {
  '/persistentvolumeclaims': 'kubernetes.io/pvc-protection',
  '/persistentvolumes': 'kubernetes.io/pv-protection',
  'storage.k8s.io/volumeattributesclasses': 'kubernetes.io/vac-protection',
}

export const storageObjectInUseProtection: AdmissionPlugin = {
  name: 'StorageObjectInUseProtection',
  admit({ operation, group, resource, subresource, object }) {
    if (operation !== 'CREATE' || subresource !== undefined || object === undefined) return
    const finalizer = FINALIZERS[`${group}/${resource}`]
    const finalizers = object.metadata.finalizers ?? []
    if (finalizer === undefined || finalizers.includes(finalizer)) return
    object.metadata.finalizers = [...finalizers, finalizer]
  },
}
