// What is left to do until the cluster is as declared, and what should not be there any more: one line for
// everything that is not right yet.
import { isConditionTrue, isDeleting } from '#kinds/meta.ts'
import { isPodFinished } from '#kinds/pod-status.ts'
import { keyOf } from '#kinds/object.ts'
import { namespaces, nodes, pods } from '#kinds/refs.ts'
import type { DurableState } from '../api/durable-state.ts'
import { unsettledBudgets } from './budgets.ts'
import { unsettledContainerServices } from './container-services.ts'
import { unsettledDeployments } from './deployments.ts'
import { unsettledEndpoints } from './endpoints.ts'
import { orphans } from './orphans.ts'

export interface Clusters {
  member: DurableState
  hub: DurableState
}

export function unsettled({ member, hub }: Clusters): string[] {
  return [
    ...unsettledNodes(member),
    ...unsettledNamespaces(member),
    ...unsettledPods(member),
    ...unsettledDeployments(member),
    ...unsettledEndpoints(member),
    ...unsettledBudgets(member),
    ...orphans(member),
    ...orphans(hub),
    ...unsettledContainerServices({ member, hub }),
  ]
}

function unsettledNodes(state: DurableState): string[] {
  return state.list(nodes).flatMap(({ metadata, spec, status }) => {
    const problems: string[] = []
    if (!isConditionTrue(status?.conditions, 'Ready')) problems.push('is not Ready')
    const taints = (spec.taints ?? []).map(({ key }) => key)
    if (taints.length > 0) problems.push(`is tainted ${taints.join(', ')}`)
    if (spec.unschedulable) problems.push('is cordoned')
    return problems.map((problem) => `node ${metadata.name} ${problem}`)
  })
}

function unsettledNamespaces(state: DurableState): string[] {
  return state
    .list(namespaces)
    .filter(isDeleting)
    .map(({ metadata }) => `namespace ${metadata.name} is still being deleted`)
}

function unsettledPods(state: DurableState): string[] {
  return state.list(pods).flatMap((pod) => {
    if (isDeleting(pod)) return [`pod ${keyOf(pod)} is still ending`]
    if (isPodFinished(pod) || isConditionTrue(pod.status?.conditions, 'Ready')) return []
    return [`pod ${keyOf(pod)} is neither ready nor over`]
  })
}
