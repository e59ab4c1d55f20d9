// Fills aggregated ClusterRoles with the rules of the roles they select.
import type { ClusterRole, PolicyRule } from '#kinds/k8s/rbac.ts'
import { matchesLabelSelector } from '#kinds/label-selector.ts'
import { clusterRoles } from '#kinds/refs.ts'
import { deepEqual } from '#kinds/validate/equal.ts'
import type { Controller, ControllerContext } from './context.ts'
import { keyedController } from './keyed-controller.ts'

export function createClusterRoleAggregation(context: ControllerContext): Controller {
  const { client, informers } = context
  const roles = informers.informer(clusterRoles)
  const controller = keyedController(context, {
    name: 'cluster-role-aggregation',
    needs: [roles],
    reconcile,
  })
  // Any role may be selected by any other: labels may have come or gone as well.
  const changed = () => {
    for (const role of roles.list()) if (isAggregated(role)) controller.add(role.metadata.name)
  }
  roles.on({ added: changed, updated: changed, deleted: changed })
  return controller

  async function reconcile(name: string): Promise<void> {
    const role = roles.get(name)
    if (role === undefined || !isAggregated(role)) return
    const rules = aggregatedRules(role, roles.list())
    if (deepEqual(rules, role.rules ?? [])) return
    await client.resource(clusterRoles).update({ ...role, rules })
  }
}

const isAggregated = ({ aggregationRule }: ClusterRole): boolean => aggregationRule !== undefined

/** Selector by selector, the roles of each in order of name, every rule once. Pure. */
export function aggregatedRules(role: ClusterRole, all: readonly ClusterRole[]): PolicyRule[] {
  const others = all
    .filter(({ metadata }) => metadata.name !== role.metadata.name)
    .toSorted((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1))
  const rules: PolicyRule[] = []
  for (const selector of role.aggregationRule?.clusterRoleSelectors ?? [])
    for (const { metadata, rules: given = [] } of others)
      if (matchesLabelSelector(selector, metadata.labels))
        for (const rule of given) if (!rules.some((one) => deepEqual(one, rule))) rules.push(rule)
  return rules
}
