import type { ComponentCondition, ComponentStatus } from './k8s/core.ts'
import { column, nameColumn } from './columns.ts'
import { defineKind } from './define-kind.ts'
import { conditionOf } from './meta.ts'
import { componentStatuses } from './refs.ts'

export type { ComponentStatus } from './k8s/core.ts'

const healthOf = ({ conditions }: ComponentStatus): ComponentCondition | undefined =>
  conditionOf(conditions, 'Healthy')

function statusCell(component: ComponentStatus): string {
  const health = healthOf(component)
  if (health === undefined) return 'Unknown'
  return health.status === 'True' ? 'Healthy' : 'Unhealthy'
}

export const componentStatusKind = defineKind<ComponentStatus>({
  ref: componentStatuses,
  schema: 'io.k8s.api.core.v1.ComponentStatus',
  shortNames: ['cs'],
  isComputed: true,
  deprecation: 'v1 ComponentStatus is deprecated in v1.19+',
  columns: [
    nameColumn,
    column('Status', 'Whether it works.', statusCell),
    column('Message', 'What it says of itself.', (component) => healthOf(component)?.message ?? ''),
    column('Error', 'Why it could not be asked.', (component) => healthOf(component)?.error ?? ''),
  ],
})
