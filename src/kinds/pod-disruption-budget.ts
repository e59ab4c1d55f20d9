import type { PodDisruptionBudget } from './k8s/policy.ts'
import { ageColumn, column, nameColumn } from './columns.ts'
import { defineKind } from './define-kind.ts'
import { prepareStatus } from './prepare.ts'
import { podDisruptionBudgets } from './refs.ts'
import { invalid, oneOf } from './validate/field-error.ts'
import { validateAtMostWhole, validateIntOrPercent } from './validate/int-or-percent.ts'
import { validateLabelSelector } from './validate/label-selector.ts'

export type { PodDisruptionBudget } from './k8s/policy.ts'

const EVICTION_POLICIES = ['AlwaysAllow', 'IfHealthyBudget']
const BOUNDS = ['minAvailable', 'maxUnavailable'] as const

export const podDisruptionBudgetKind = defineKind<PodDisruptionBudget>({
  ref: podDisruptionBudgets,
  schema: 'io.k8s.api.policy.v1.PodDisruptionBudget',
  shortNames: ['pdb'],
  subresources: ['status'],
  hasGeneration: true,
  defaults(budget) {
    budget.spec ??= {}
  },
  validate({ spec }) {
    const errors = BOUNDS.flatMap((key) => {
      const value = spec[key]
      if (value === undefined) return []
      const field = `spec.${key}`
      return [...validateIntOrPercent(field, value), ...validateAtMostWhole(field, value)]
    })
    if (spec.minAvailable !== undefined && spec.maxUnavailable !== undefined)
      errors.push(invalid('spec', spec, 'minAvailable and maxUnavailable cannot be both set'))
    if (spec.selector !== undefined)
      errors.push(...validateLabelSelector(spec.selector, 'spec.selector'))
    const { unhealthyPodEvictionPolicy } = spec
    return [
      ...errors,
      ...oneOf('spec.unhealthyPodEvictionPolicy', unhealthyPodEvictionPolicy, EVICTION_POLICIES),
    ]
  },
  prepare: prepareStatus({
    initial: () => ({
      disruptionsAllowed: 0,
      currentHealthy: 0,
      desiredHealthy: 0,
      expectedPods: 0,
    }),
  }),
  columns: [
    nameColumn,
    column('Min Available', 'How many pods must stay available.', ({ spec }) =>
      String(spec.minAvailable ?? 'N/A'),
    ),
    column('Max Unavailable', 'How many pods may be away.', ({ spec }) =>
      String(spec.maxUnavailable ?? 'N/A'),
    ),
    column(
      'Allowed Disruptions',
      'How many pods may be evicted now.',
      ({ status }) => status?.disruptionsAllowed ?? 0,
      'integer',
    ),
    ageColumn,
  ],
})
