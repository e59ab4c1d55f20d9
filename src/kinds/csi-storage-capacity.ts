import type { CSIStorageCapacity } from './k8s/storage.ts'
import type { FieldError } from './definition.ts'
import { column, nameColumn } from './columns.ts'
import { defineKind } from './define-kind.ts'
import { checkDnsSubdomain } from './names.ts'
import { canonicalQuantity, parseQuantity } from './quantity.ts'
import { csiStorageCapacities } from './refs.ts'
import { deepEqual } from './validate/equal.ts'
import { IMMUTABLE, invalid, invalidEach, required } from './validate/field-error.ts'
import { validateLabelSelector } from './validate/label-selector.ts'
import { nodeSelectorWarnings } from './warnings/node-labels.ts'

export type { CSIStorageCapacity } from './k8s/storage.ts'

const AMOUNTS = ['capacity', 'maximumVolumeSize'] as const
const IMMUTABLE_FIELDS = ['nodeTopology', 'storageClassName'] as const

export const csiStorageCapacityKind = defineKind<CSIStorageCapacity>({
  ref: csiStorageCapacities,
  schema: 'io.k8s.api.storage.v1.CSIStorageCapacity',
  defaults(capacity) {
    capacity.storageClassName ??= ''
    for (const key of AMOUNTS)
      if (capacity[key] !== undefined) capacity[key] = canonicalQuantity(capacity[key])
  },
  warnings: ({ nodeTopology }) => nodeSelectorWarnings(nodeTopology, 'nodeTopology'),
  validate: (capacity, old) => [
    ...validateCapacity(capacity),
    ...(old === undefined ? [] : validateCapacityUpdate(capacity, old)),
  ],
  columns: [
    nameColumn,
    column('StorageClassName', 'Of which class.', ({ storageClassName }) => storageClassName),
    column('Capacity', 'How much is left.', ({ capacity }) =>
      capacity === undefined ? '<unset>' : String(capacity),
    ),
  ],
})

function validateCapacity(capacity: CSIStorageCapacity): FieldError[] {
  const { storageClassName, nodeTopology } = capacity
  const errors = storageClassName
    ? invalidEach('storageClassName', storageClassName, checkDnsSubdomain(storageClassName))
    : [required('storageClassName')]
  for (const key of AMOUNTS) {
    const amount = capacity[key]
    if (amount !== undefined && parseQuantity(amount).nanos < 0n)
      errors.push(invalid(key, String(amount), 'must be greater than or equal to 0'))
  }
  return nodeTopology === undefined
    ? errors
    : [...errors, ...validateLabelSelector(nodeTopology, 'nodeTopology')]
}

function validateCapacityUpdate(
  capacity: CSIStorageCapacity,
  old: CSIStorageCapacity,
): FieldError[] {
  return IMMUTABLE_FIELDS.flatMap((key) =>
    deepEqual(capacity[key], old[key]) ? [] : [invalid(key, capacity[key], IMMUTABLE)],
  )
}
