import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ClusterRole, PolicyRule } from '#kinds/k8s/rbac.ts'
import { clusterRoles } from '#kinds/refs.ts'
import { aggregatedRules, createClusterRoleAggregation } from './cluster-role-aggregation.ts'
import { controllerBench } from './controller-bench.ts'

const rule = (resource: string): PolicyRule => ({
  verbs: ['get'],
  apiGroups: [''],
  resources: [resource],
})

const role = (name: string, more: Partial<ClusterRole>, labels = {}): ClusterRole => ({
  apiVersion: 'rbac.authorization.k8s.io/v1',
  kind: 'ClusterRole',
  metadata: { name, labels },
  ...more,
})

const sum = (name: string, labels = {}) =>
  role(
    name,
    { aggregationRule: { clusterRoleSelectors: [{ matchLabels: { into: name } }] } },
    labels,
  )

test('aggregatedRules has the rules of the selected roles in order of name, each once, not its own', () => {
  const all = [
    role('z', { rules: [rule('z'), rule('a')] }, { into: 'sum' }),
    role('a', { rules: [rule('a')] }, { into: 'sum' }),
    role('other', { rules: [rule('other')] }),
    role('sum', { rules: [rule('own')] }, { into: 'sum' }),
  ]
  assert.deepEqual(aggregatedRules(sum('sum'), all), [rule('a'), rule('z')])
})

test('an aggregated role follows the roles it selects, also over another aggregated one', async () => {
  const { api, settle, stop } = controllerBench(createClusterRoleAggregation)
  api.put(clusterRoles, sum('top'))
  api.put(clusterRoles, sum('middle', { into: 'top' }))
  api.put(clusterRoles, role('part', { rules: [rule('pods')] }, { into: 'middle' }))
  await settle()
  const rulesOf = (name: string) => api.get(clusterRoles, { name })?.rules
  assert.deepEqual(rulesOf('top'), [rule('pods')])
  api.put(clusterRoles, role('part', { rules: [rule('nodes')] }, { into: 'middle' }))
  await settle()
  assert.deepEqual([rulesOf('middle'), rulesOf('top')], [[rule('nodes')], [rule('nodes')]])
  api.remove(clusterRoles, { name: 'part' })
  await settle()
  assert.deepEqual([rulesOf('middle'), rulesOf('top')], [[], []])
  await stop()
})
