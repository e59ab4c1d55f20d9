import type { DeviceClass } from './k8s/resource.ts'
import { ageColumn, nameColumn } from './columns.ts'
import { defineKind } from './define-kind.ts'
import { deviceClasses } from './refs.ts'
import { validateDeviceClass } from './validate/device-claim.ts'

export type { DeviceClass } from './k8s/resource.ts'

export const deviceClassKind = defineKind<DeviceClass>({
  ref: deviceClasses,
  schema: 'io.k8s.api.resource.v1.DeviceClass',
  hasGeneration: true,
  defaults(deviceClass) {
    deviceClass.spec ??= {}
  },
  validate: ({ spec }) => validateDeviceClass(spec, 'spec'),
  columns: [nameColumn, ageColumn],
})
