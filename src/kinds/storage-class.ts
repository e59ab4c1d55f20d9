import type { StorageClass } from './k8s/storage.ts'
import { ageColumn, column, nameColumn } from './columns.ts'
import { defineKind } from './define-kind.ts'
import { storageClasses } from './refs.ts'
import { validateStorageClass, validateStorageClassUpdate } from './validate/storage-class.ts'
import { deprecatedLabel } from './warnings/node-labels.ts'

export type { StorageClass } from './k8s/storage.ts'

/** Names the class of claims that name none. */
export const DEFAULT_CLASS_ANNOTATION = 'storageclass.kubernetes.io/is-default-class'
const DEFAULT_CLASS_ANNOTATIONS = [
  DEFAULT_CLASS_ANNOTATION,
  'storageclass.beta.kubernetes.io/is-default-class',
]

export const isDefaultStorageClass = ({ metadata }: Pick<StorageClass, 'metadata'>): boolean =>
  DEFAULT_CLASS_ANNOTATIONS.some((key) => metadata.annotations?.[key] === 'true')

export const storageClassKind = defineKind<StorageClass>({
  ref: storageClasses,
  schema: 'io.k8s.api.storage.v1.StorageClass',
  shortNames: ['sc'],
  defaults(storageClass) {
    storageClass.provisioner ??= ''
    storageClass.reclaimPolicy ??= 'Delete'
    storageClass.volumeBindingMode ??= 'Immediate'
  },
  warnings: ({ allowedTopologies = [] }) =>
    allowedTopologies.flatMap(({ matchLabelExpressions = [] }, index) =>
      matchLabelExpressions.flatMap(({ key }, at) =>
        deprecatedLabel(key).map(
          (why) => `allowedTopologies[${index}].matchLabelExpressions[${at}].key: ${why}`,
        ),
      ),
    ),
  validate: (storageClass, old) => [
    ...validateStorageClass(storageClass),
    ...(old === undefined ? [] : validateStorageClassUpdate(storageClass, old)),
  ],
  columns: [
    {
      ...nameColumn,
      cell: (object) =>
        isDefaultStorageClass(object) ? `${object.metadata.name} (default)` : object.metadata.name,
    },
    column('Provisioner', 'Who makes the volumes.', ({ provisioner }) => provisioner),
    column(
      'ReclaimPolicy',
      'What becomes of a volume whose claim is gone.',
      ({ reclaimPolicy }) => reclaimPolicy ?? 'Delete',
    ),
    column(
      'VolumeBindingMode',
      'When a claim gets its volume.',
      ({ volumeBindingMode }) => volumeBindingMode ?? 'Immediate',
    ),
    column(
      'AllowVolumeExpansion',
      'Whether volumes may grow.',
      ({ allowVolumeExpansion }) => allowVolumeExpansion ?? false,
    ),
    ageColumn,
  ],
})
