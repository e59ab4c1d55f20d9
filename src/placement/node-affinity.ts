// Which nodes a pod asks for by the labels and names of nodes. Terms are read once for each pod: they
// are asked of every node.
import type { Node, NodeSelectorRequirement, NodeSelectorTerm, Pod } from '#kinds/k8s/core.ts'
import { type LabelOperator, matchesLabelMap, matchesRequirements } from '#kinds/label-selector.ts'

export type NodeTest = (node: Node) => boolean

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

const NAME_FIELD = 'metadata.name'

/** A term without any requirement matches no node. */
function termTest(term: NodeSelectorTerm): NodeTest {
  const labels = (term.matchExpressions ?? []).map(requirementOf)
  const fields = (term.matchFields ?? []).map(requirementOf)
  if (labels.length + fields.length === 0) return () => false
  return ({ metadata }) =>
    matchesRequirements(labels, metadata.labels) &&
    (fields.length === 0 || matchesRequirements(fields, { [NAME_FIELD]: metadata.name }))
}

const requiredTermsOf = ({ spec }: Pod): NodeSelectorTerm[] | undefined =>
  spec?.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms

/** What the pod's nodeSelector and its required node affinity allow; undefined for every node. */
export function wantedNodes(pod: Pod): NodeTest | undefined {
  const selector = pod.spec?.nodeSelector
  const tests = requiredTermsOf(pod)?.map(termTest)
  const isSelecting = selector !== undefined && Object.keys(selector).length > 0
  if (!isSelecting && tests === undefined) return undefined
  return (node) => {
    if (isSelecting && !matchesLabelMap(selector, node.metadata.labels)) return false
    return tests === undefined || tests.some((test) => test(node))
  }
}

/** Names that every required term of the pod is limited to, as those of a daemon's pods are. */
export function wantedNames(pod: Pod): ReadonlySet<string> | undefined {
  const terms = requiredTermsOf(pod) ?? []
  const names = terms.map(({ matchFields = [] }) =>
    matchFields.find(({ key, operator }) => key === NAME_FIELD && operator === 'In'),
  )
  if (names.length === 0 || names.some((one) => one === undefined)) return undefined
  return new Set(names.flatMap((one) => one?.values ?? []))
}

/** The sum of the weights of the pod's preferences that a node meets; undefined without any. */
export function preferredNodes({ spec }: Pod): ((node: Node) => number) | undefined {
  const preferred =
    spec?.affinity?.nodeAffinity?.preferredDuringSchedulingIgnoredDuringExecution ?? []
  if (preferred.length === 0) return undefined
  const tests = preferred.map(({ weight, preference }) => ({ weight, test: termTest(preference) }))
  return (node) => tests.reduce((sum, { weight, test }) => (test(node) ? sum + weight : sum), 0)
}
