import type { ResourceSlice } from './k8s/resource.ts'
import { ageColumn, column, nameColumn } from './columns.ts'
import { defineKind } from './define-kind.ts'
import { defaultDevice } from './defaults/device-claim.ts'
import { resourceSlices } from './refs.ts'
import { validateResourceSlice, validateResourceSliceUpdate } from './validate/resource-slice.ts'

export type { ResourceSlice } from './k8s/resource.ts'

export const resourceSliceKind = defineKind<ResourceSlice>({
  ref: resourceSlices,
  schema: 'io.k8s.api.resource.v1.ResourceSlice',
  hasGeneration: true,
  defaults(slice) {
    slice.spec ??= {} as ResourceSlice['spec']
    slice.spec.driver ??= ''
    slice.spec.pool ??= { name: '', generation: 0, resourceSliceCount: 0 }
    for (const device of slice.spec.devices ?? []) defaultDevice(device)
  },
  validate: ({ spec }, old) => [
    ...validateResourceSlice(spec, 'spec'),
    ...(old === undefined ? [] : validateResourceSliceUpdate(spec, old.spec)),
  ],
  columns: [
    nameColumn,
    column('Node', 'Where the devices are.', ({ spec }) =>
      spec.allNodes ? '<all-nodes>' : spec.nodeName || (spec.nodeSelector ? '<node-selector>' : ''),
    ),
    column('Driver', 'Who offers them.', ({ spec }) => spec.driver),
    column('Pool', 'The pool they belong to.', ({ spec }) => spec.pool.name),
    ageColumn,
  ],
  fields: {
    'spec.driver': ({ spec }) => spec.driver,
    'spec.nodeName': ({ spec }) => spec.nodeName ?? '',
  },
})
