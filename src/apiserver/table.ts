// Tables: what kubectl prints, made by the server from the kind's columns.
import type { Column } from '#kinds/definition.ts'
import { createdColumn } from '#kinds/columns.ts'
import type { KubeObject } from '#kinds/object.ts'
import { badRequest } from '#base/errors.ts'
import type { ServedResource } from './resources.ts'

export type IncludeObject = 'None' | 'Metadata' | 'Object'

export interface TableOptions {
  includeObject: IncludeObject
  now: number
  /** Watches name the columns only once. */
  withColumns: boolean
}

export function readIncludeObject(query: URLSearchParams): IncludeObject {
  const value = query.get('includeObject') ?? ''
  if (value === '') return 'Metadata'
  if (value === 'None' || value === 'Metadata' || value === 'Object') return value
  throw badRequest(`unrecognized includeObject value: ${JSON.stringify(value)}`)
}

export function tableOf(
  resource: ServedResource,
  objects: readonly KubeObject[],
  metadata: object,
  options: TableOptions,
): Record<string, unknown> {
  const { columns } = resource.definition
  return {
    kind: 'Table',
    apiVersion: 'meta.k8s.io/v1',
    metadata,
    ...(options.withColumns
      ? { columnDefinitions: columns.map(describe) }
      : { columnDefinitions: null }),
    // Kinds that Kubernetes has no columns of its own for say so when there are none.
    rows:
      objects.length === 0 && columns.includes(createdColumn)
        ? null
        : objects.map((object) => ({
            cells: columns.map((column) => column.cell(object, options.now) ?? null),
            ...rowObject(object, options.includeObject),
          })),
  }
}

function describe({ name, type, format, description, priority }: Column<KubeObject>) {
  return { name, type, format: format ?? '', description, priority }
}

function rowObject(object: KubeObject, include: IncludeObject) {
  if (include === 'None') return { object: null }
  return { object: include === 'Object' ? object : partialMetadata(object) }
}

export function partialMetadata(object: KubeObject): Record<string, unknown> {
  return {
    kind: 'PartialObjectMetadata',
    apiVersion: 'meta.k8s.io/v1',
    metadata: object.metadata,
  }
}
