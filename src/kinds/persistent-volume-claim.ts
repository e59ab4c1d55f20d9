import type { PersistentVolumeClaim } from './k8s/core.ts'
import { ageColumn, column, nameColumn, wideColumn } from './columns.ts'
import { defaultClaim } from './defaults/claim.ts'
import { defineKind } from './define-kind.ts'
import { prepareStatus } from './prepare.ts'
import { persistentVolumeClaims } from './refs.ts'
import { accessModesCell, storageCell, storageClassOf } from './storage-terms.ts'
import { claimWarnings } from './warnings/storage.ts'
import { validateClaim } from './validate/persistent-volume-claim.ts'

export type { PersistentVolumeClaim } from './k8s/core.ts'

export const persistentVolumeClaimKind = defineKind<PersistentVolumeClaim>({
  ref: persistentVolumeClaims,
  schema: 'io.k8s.api.core.v1.PersistentVolumeClaim',
  shortNames: ['pvc'],
  subresources: ['status'],
  defaults: defaultClaim,
  validate: validateClaim,
  warnings: claimWarnings,
  prepare: prepareStatus({ initial: () => ({ phase: 'Pending' }) }),
  columns: [
    nameColumn,
    column('Status', 'Whether it has a volume.', ({ metadata, status }) =>
      metadata.deletionTimestamp === undefined ? (status?.phase ?? '') : 'Terminating',
    ),
    column('Volume', 'The volume it has.', ({ spec }) => spec.volumeName ?? ''),
    column('Capacity', 'Size of the volume.', ({ spec, status }) =>
      spec.volumeName ? storageCell(status?.capacity) : '',
    ),
    column('Access Modes', 'How the volume may be mounted.', ({ spec, status }) =>
      spec.volumeName ? accessModesCell(status?.accessModes) : '',
    ),
    column('StorageClass', 'Class of the volume.', storageClassOf),
    column(
      'VolumeAttributesClass',
      'Class of the attributes of the volume.',
      ({ spec }) => spec.volumeAttributesClassName ?? '<unset>',
    ),
    ageColumn,
    wideColumn(
      'VolumeMode',
      'Whether the volume is a file system or a device.',
      ({ spec }) => spec.volumeMode ?? '<unset>',
    ),
  ],
})
