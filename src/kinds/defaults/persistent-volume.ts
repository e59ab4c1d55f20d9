import type { PersistentVolumeSpec } from '../k8s/core.ts'
import { canonicalizeQuantities } from '../quantity.ts'

export function defaultVolumeSpec(spec: PersistentVolumeSpec): void {
  spec.persistentVolumeReclaimPolicy ||= 'Retain'
  spec.volumeMode ||= 'Filesystem'
  canonicalizeQuantities(spec.capacity)
  const { hostPath, iscsi, rbd, azureDisk, scaleIO } = spec
  if (hostPath !== undefined) hostPath.type ??= ''
  if (iscsi !== undefined) iscsi.iscsiInterface ||= 'default'
  if (rbd !== undefined) {
    rbd.pool ||= 'rbd'
    rbd.user ||= 'admin'
    rbd.keyring ||= '/etc/ceph/keyring'
  }
  if (azureDisk !== undefined) {
    azureDisk.cachingMode ||= 'ReadWrite'
    azureDisk.kind ||= 'Shared'
    azureDisk.fsType ||= 'ext4'
    azureDisk.readOnly ??= false
  }
  if (scaleIO !== undefined) {
    scaleIO.storageMode ||= 'ThinProvisioned'
    scaleIO.fsType ||= 'xfs'
  }
}
