import type { VolumeAttributesClass } from './k8s/storage.ts'
import { ageColumn, column, nameColumn } from './columns.ts'
import { defineKind } from './define-kind.ts'
import { volumeAttributesClasses } from './refs.ts'
import {
  validateVolumeAttributesClass,
  validateVolumeAttributesClassUpdate,
} from './validate/storage-class.ts'

export type { VolumeAttributesClass } from './k8s/storage.ts'

const DEFAULT_CLASS_ANNOTATION = 'volumeattributesclass.alpha.kubernetes.io/is-default-class'

export const volumeAttributesClassKind = defineKind<VolumeAttributesClass>({
  ref: volumeAttributesClasses,
  schema: 'io.k8s.api.storage.v1.VolumeAttributesClass',
  shortNames: ['vac'],
  defaults(volumeAttributesClass) {
    volumeAttributesClass.driverName ??= ''
  },
  validate: (volumeAttributesClass, old) => [
    ...validateVolumeAttributesClass(volumeAttributesClass),
    ...(old === undefined ? [] : validateVolumeAttributesClassUpdate(volumeAttributesClass, old)),
  ],
  columns: [
    {
      ...nameColumn,
      cell: ({ metadata }) =>
        metadata.annotations?.[DEFAULT_CLASS_ANNOTATION] === 'true'
          ? `${metadata.name} (default)`
          : metadata.name,
    },
    column('DriverName', 'The CSI driver of the volumes.', ({ driverName }) => driverName),
    ageColumn,
  ],
})
