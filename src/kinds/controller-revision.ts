import type { ControllerRevision } from './k8s/apps.ts'
import { ageColumn, column, nameColumn } from './columns.ts'
import { defineKind } from './define-kind.ts'
import { controllerOf } from './meta.ts'
import { controllerRevisions } from './refs.ts'
import { deepEqual } from './validate/equal.ts'
import { IMMUTABLE, invalid, nonNegative, required } from './validate/field-error.ts'

export type { ControllerRevision } from './k8s/apps.ts'

/** "statefulset.apps/web" */
function controllerCell(revision: ControllerRevision): string {
  const owner = controllerOf(revision)
  if (owner === undefined) return '<none>'
  const slash = owner.apiVersion.indexOf('/')
  const group = slash < 0 ? '' : `.${owner.apiVersion.slice(0, slash)}`
  return `${`${owner.kind}${group}`.toLowerCase()}/${owner.name}`
}

export const controllerRevisionKind = defineKind<ControllerRevision>({
  ref: controllerRevisions,
  schema: 'io.k8s.api.apps.v1.ControllerRevision',
  validate({ data, revision }, old) {
    const errors =
      data === undefined || data === null ? [required('data', 'data is mandatory')] : []
    errors.push(...nonNegative('revision', revision))
    if (old !== undefined && !deepEqual(data, old.data))
      errors.push(invalid('data', data, IMMUTABLE))
    return errors
  },
  columns: [
    nameColumn,
    column('Controller', 'Whose revision it is.', controllerCell),
    column('Revision', 'Which one of its controller it is.', ({ revision }) => revision),
    ageColumn,
  ],
})
