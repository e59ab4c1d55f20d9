// Columns of the two kinds that bind roles to subjects.
import type { Column } from './definition.ts'
import type { RoleRef, Subject } from './k8s/rbac.ts'
import { ageColumn, column, nameColumn, wideColumn } from './columns.ts'
import type { KubeObject } from './object.ts'

interface Binding extends KubeObject {
  roleRef: RoleRef
  subjects?: Subject[] | undefined
}

const subjectsCell = (kind: string) => (binding: Binding) =>
  (binding.subjects ?? [])
    .filter((subject) => subject.kind === kind)
    .map(({ namespace, name }) => (kind === 'ServiceAccount' ? `${namespace ?? ''}/${name}` : name))
    .join(', ')

export const bindingColumns: readonly Column<Binding>[] = [
  nameColumn,
  column('Role', 'What is granted.', ({ roleRef }) => `${roleRef.kind}/${roleRef.name}`),
  ageColumn,
  wideColumn('Users', 'To which users.', subjectsCell('User')),
  wideColumn('Groups', 'To which groups.', subjectsCell('Group')),
  wideColumn('ServiceAccounts', 'To which service accounts.', subjectsCell('ServiceAccount')),
]
