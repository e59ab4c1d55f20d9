// Which nodes a pod asks for by the labels and names of nodes.
import type { Node, NodeSelectorRequirement, NodeSelectorTerm, Pod } from '#kinds/k8s/core.ts'
import { type LabelOperator, matchesLabelMap, matchesRequirements } from '#kinds/label-selector.ts'

const OPERATORS: Record<NodeSelectorRequirement['operator'], LabelOperator> = {
  In: 'in',
  NotIn: 'notin',
  Exists: 'exists',
  DoesNotExist: '!',
  Gt: 'gt',
  Lt: 'lt',
}

const requirementOf = ({ key, operator, values }: NodeSelectorRequirement) => ({
  key,
  operator: OPERATORS[operator],
  values: values ?? [],
})

/** A term without any requirement matches no node. */
export function matchesTerm(term: NodeSelectorTerm, node: Node): boolean {
  const labels = (term.matchExpressions ?? []).map(requirementOf)
  const fields = (term.matchFields ?? []).map(requirementOf)
  if (labels.length + fields.length === 0) return false
  return (
    matchesRequirements(labels, node.metadata.labels) &&
    matchesRequirements(fields, { 'metadata.name': node.metadata.name })
  )
}

/** Whether the pod's nodeSelector and its required node affinity allow the node. */
export function isNodeWanted({ spec }: Pod, node: Node): boolean {
  if (spec?.nodeSelector && !matchesLabelMap(spec.nodeSelector, node.metadata.labels)) return false
  const required = spec?.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution
  if (required === undefined) return true
  return required.nodeSelectorTerms.some((term) => matchesTerm(term, node))
}

/** Share of the pod's preferences (by weight) that the node meets, 0 to 1. */
export function preferenceMet({ spec }: Pod, node: Node): number {
  const preferred =
    spec?.affinity?.nodeAffinity?.preferredDuringSchedulingIgnoredDuringExecution ?? []
  let met = 0
  let total = 0
  for (const { weight, preference } of preferred) {
    total += weight
    if (matchesTerm(preference, node)) met += weight
  }
  return total === 0 ? 0 : met / total
}
