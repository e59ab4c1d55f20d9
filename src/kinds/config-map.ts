import type { ConfigMap } from './k8s/core.ts'
import { ageColumn, column, nameColumn } from './columns.ts'
import { defineKind } from './define-kind.ts'
import { configMaps } from './refs.ts'
import {
  sizeOf,
  validateDataKeys,
  validateDataSize,
  validateImmutableData,
} from './validate/data.ts'
import { invalid } from './validate/field-error.ts'

export type { ConfigMap } from './k8s/core.ts'

const countKeys = ({ data, binaryData }: ConfigMap): number =>
  Object.keys(data ?? {}).length + Object.keys(binaryData ?? {}).length

export const configMapKind = defineKind<ConfigMap>({
  ref: configMaps,
  schema: 'io.k8s.api.core.v1.ConfigMap',
  shortNames: ['cm'],
  validate: (configMap, old) => [
    ...validateDataKeys(configMap.data, 'data'),
    ...Object.keys(configMap.data ?? {})
      .filter((key) => configMap.binaryData?.[key] !== undefined)
      .map((key) => invalid(`data[${key}]`, key, 'duplicate of key present in binaryData')),
    ...validateDataKeys(configMap.binaryData, 'binaryData'),
    ...validateDataSize(sizeOf({ plain: configMap.data, encoded: configMap.binaryData }), ''),
    ...(old === undefined ? [] : validateImmutableData(configMap, old, ['data', 'binaryData'])),
  ],
  columns: [nameColumn, column('Data', 'How many keys the object holds.', countKeys), ageColumn],
})
