import { ageColumn, nameColumn } from '#kinds/columns.ts'
import { ageOf } from '#kinds/age.ts'
import type { Column } from '#kinds/definition.ts'
import type { CustomResourceColumnDefinition } from '#kinds/k8s/apiextensions.ts'
import type { KubeObject } from '#kinds/object.ts'
import { compileJsonPath } from './json-path.ts'

type Type = Column<KubeObject>['type']

/** A custom kind's columns: its name and what its definition adds, or its age. */
export function printerColumns(
  added: readonly CustomResourceColumnDefinition[],
): Column<KubeObject>[] {
  if (added.length === 0) return [nameColumn, { ...ageColumn, type: 'date' }]
  return [nameColumn, ...added.map(columnOf)]
}

function columnOf(definition: CustomResourceColumnDefinition): Column<KubeObject> {
  const { name, jsonPath, format, priority, description } = definition
  const type = definition.type as Type
  const read = compileJsonPath(jsonPath)
  return {
    name,
    type,
    ...(format === undefined ? {} : { format }),
    description:
      description || `Custom resource definition column (in JSONPath format): ${jsonPath}`,
    priority: priority ?? 0,
    cell: (object, now) => cellOf(type, read?.(object) ?? [], now),
  }
}

function cellOf(type: Type, values: readonly unknown[], now: number): unknown {
  const [value] = values
  if (value === undefined) return type === 'string' ? '' : null
  switch (type) {
    case 'date':
      return typeof value === 'string' ? ageOf(value, now) : null
    case 'integer':
    case 'number':
      return typeof value === 'number' ? value : null
    case 'boolean':
      return typeof value === 'boolean' ? value : null
    case 'string':
      return values.map((one) => (typeof one === 'string' ? one : JSON.stringify(one))).join(',')
  }
}
