// Columns that many kinds share, and how cells are written.
import type { Column } from './definition.ts'
import type { KubeObject } from './object.ts'
import type { Container, PodTemplateSpec } from './k8s/core.ts'
import { ageOf } from './age.ts'

export const nameColumn: Column<KubeObject> = {
  name: 'Name',
  type: 'string',
  format: 'name',
  description: 'Name of the object, unique within its namespace.',
  priority: 0,
  cell: (object) => object.metadata.name,
}

export const ageColumn: Column<KubeObject> = {
  name: 'Age',
  type: 'string',
  description: 'Time since the object was created.',
  priority: 0,
  cell: (object, now) => ageOf(object.metadata.creationTimestamp, now),
}

/** A column that is always shown. */
export function column<T>(
  name: string,
  description: string,
  cell: Column<T>['cell'],
  type: Column<T>['type'] = 'string',
): Column<T> {
  return { name, type, description, priority: 0, cell }
}

/** A column that is shown with `-o wide` only. */
export function wideColumn<T>(
  name: string,
  description: string,
  cell: Column<T>['cell'],
): Column<T> {
  return { name, type: 'string', description, priority: 1, cell }
}

const containersOf = (template: PodTemplateSpec): Container[] => template.spec?.containers ?? []

/** What a template runs; `priority` as in `Column`. */
export function templateColumns<T>(
  template: (object: T) => PodTemplateSpec,
  priority: number,
): Column<T>[] {
  const listed = (text: (container: Container) => string) => (object: T) =>
    containersOf(template(object)).map(text).join(',')
  return [
    {
      ...column<T>(
        'Containers',
        'Names of the containers in the template.',
        listed(({ name }) => name),
      ),
      priority,
    },
    {
      ...column<T>(
        'Images',
        'Images of the containers in the template.',
        listed(({ image }) => image ?? ''),
      ),
      priority,
    },
  ]
}

/** Containers, images and selector of a kind that owns pods. */
export function workloadColumns<T>(
  template: (object: T) => PodTemplateSpec,
  selector: (object: T) => string,
): Column<T>[] {
  return [
    ...templateColumns(template, 1),
    wideColumn('Selector', 'Which pods belong to the object.', selector),
  ]
}

/** "a=b,c=d" in the order of keys, or "<none>". */
export function labelsCell(labels: Record<string, string> | undefined): string {
  const pairs = Object.entries(labels ?? {}).toSorted(([a], [b]) => (a < b ? -1 : 1))
  return pairs.length === 0 ? '<none>' : pairs.map(([key, value]) => `${key}=${value}`).join(',')
}

/** When an object was made, for kinds that live long. */
export const createdColumn: Column<KubeObject> = {
  name: 'Created At',
  type: 'date',
  description: 'When the object was created.',
  priority: 0,
  cell: (object) => object.metadata.creationTimestamp,
}
