import { rfc3339 } from '#base/clock.ts'
import type { PersistentVolume } from './k8s/core.ts'
import { ageColumn, column, nameColumn, wideColumn } from './columns.ts'
import { defineKind } from './define-kind.ts'
import { defaultVolumeSpec } from './defaults/persistent-volume.ts'
import { prepareStatus } from './prepare.ts'
import { persistentVolumes } from './refs.ts'
import { accessModesCell, storageCell, storageClassOf } from './storage-terms.ts'
import { volumeWarnings } from './warnings/storage.ts'
import { validateVolume } from './validate/persistent-volume.ts'

export type { PersistentVolume } from './k8s/core.ts'

/** Says when the phase changed, unless whoever changed it did. */
function stamp({ status }: PersistentVolume, old: PersistentVolume | undefined, now: number): void {
  if (status === undefined || (old !== undefined && status.phase === old.status?.phase)) return
  const before = old?.status?.lastPhaseTransitionTime
  const said = status.lastPhaseTransitionTime
  if (said === undefined || said === before) status.lastPhaseTransitionTime = rfc3339(now)
}

export const persistentVolumeKind = defineKind<PersistentVolume>({
  ref: persistentVolumes,
  schema: 'io.k8s.api.core.v1.PersistentVolume',
  shortNames: ['pv'],
  subresources: ['status'],
  defaults(volume) {
    volume.spec ??= {}
    defaultVolumeSpec(volume.spec)
    volume.status ??= {}
    volume.status.phase ||= 'Pending'
  },
  validate: validateVolume,
  warnings: volumeWarnings,
  prepare: prepareStatus({ initial: () => ({ phase: 'Pending' }) }),
  stamp,
  columns: [
    nameColumn,
    column('Capacity', 'Size of the volume.', ({ spec }) => storageCell(spec.capacity)),
    column('Access Modes', 'How it may be mounted.', ({ spec }) =>
      accessModesCell(spec.accessModes),
    ),
    column(
      'Reclaim Policy',
      'What becomes of it once its claim is gone.',
      ({ spec }) => spec.persistentVolumeReclaimPolicy ?? '',
    ),
    column('Status', 'Whether a claim has it.', ({ metadata, status }) =>
      metadata.deletionTimestamp === undefined ? (status?.phase ?? '') : 'Terminating',
    ),
    column('Claim', 'The claim that has it.', ({ spec: { claimRef } }) =>
      claimRef === undefined ? '' : `${claimRef.namespace ?? ''}/${claimRef.name ?? ''}`,
    ),
    column('StorageClass', 'Class of the volume.', storageClassOf),
    column(
      'VolumeAttributesClass',
      'Class of its attributes.',
      ({ spec }) => spec.volumeAttributesClassName ?? '<unset>',
    ),
    column('Reason', 'Why it is in this state.', ({ status }) => status?.reason ?? ''),
    ageColumn,
    wideColumn(
      'VolumeMode',
      'Whether it is a file system or a device.',
      ({ spec }) => spec.volumeMode ?? '<unset>',
    ),
  ],
})
