import type { CSINode } from './k8s/storage.ts'
import { ageColumn, column, nameColumn } from './columns.ts'
import { defineKind } from './define-kind.ts'
import { csiNodes } from './refs.ts'
import { validateCSINode, validateCSINodeUpdate } from './validate/csi-driver.ts'

export type { CSINode } from './k8s/storage.ts'

export const csiNodeKind = defineKind<CSINode>({
  ref: csiNodes,
  schema: 'io.k8s.api.storage.v1.CSINode',
  defaults(node) {
    node.spec ??= { drivers: [] }
    node.spec.drivers ??= []
  },
  validate: ({ spec }, old) => [
    ...validateCSINode(spec, 'spec'),
    ...(old === undefined ? [] : validateCSINodeUpdate(spec, old.spec)),
  ],
  columns: [
    nameColumn,
    column(
      'Drivers',
      'How many drivers the node has.',
      ({ spec }) => spec.drivers.length,
      'integer',
    ),
    ageColumn,
  ],
})
