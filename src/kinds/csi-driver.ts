import type { CSIDriver } from './k8s/storage.ts'
import { ageColumn, column, nameColumn } from './columns.ts'
import { defineKind } from './define-kind.ts'
import { csiDrivers } from './refs.ts'
import { validateCSIDriver, validateCSIDriverUpdate } from './validate/csi-driver.ts'

export type { CSIDriver } from './k8s/storage.ts'

export const csiDriverKind = defineKind<CSIDriver>({
  ref: csiDrivers,
  schema: 'io.k8s.api.storage.v1.CSIDriver',
  defaults(driver) {
    const spec = (driver.spec ??= {})
    spec.attachRequired ??= true
    spec.podInfoOnMount ??= false
    spec.storageCapacity ??= false
    spec.fsGroupPolicy ??= 'ReadWriteOnceWithFSType'
    if (!spec.volumeLifecycleModes?.length) spec.volumeLifecycleModes = ['Persistent']
    spec.requiresRepublish ??= false
    spec.seLinuxMount ??= false
  },
  validate: ({ spec }, old) => [
    ...validateCSIDriver(spec, 'spec'),
    ...(old === undefined ? [] : validateCSIDriverUpdate(spec, old.spec)),
  ],
  columns: [
    nameColumn,
    column(
      'AttachRequired',
      'Whether volumes are attached to nodes first.',
      ({ spec }) => spec.attachRequired ?? true,
      'boolean',
    ),
    column(
      'PodInfoOnMount',
      'Whether the driver is told of the pod.',
      ({ spec }) => spec.podInfoOnMount ?? false,
      'boolean',
    ),
    column(
      'StorageCapacity',
      'Whether pods wait for capacity.',
      ({ spec }) => spec.storageCapacity ?? false,
      'boolean',
    ),
    column(
      'TokenRequests',
      'Tokens of service accounts that the driver is given.',
      ({ spec }) =>
        (spec.tokenRequests ?? []).map(({ audience }) => audience).join(',') || '<unset>',
    ),
    column(
      'RequiresRepublish',
      'Whether the driver is called again and again.',
      ({ spec }) => spec.requiresRepublish ?? false,
      'boolean',
    ),
    column(
      'Modes',
      'Kinds of volumes.',
      ({ spec }) => (spec.volumeLifecycleModes ?? []).join(',') || '<none>',
    ),
    ageColumn,
  ],
})
