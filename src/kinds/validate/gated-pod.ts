// Where a pod may go can still be narrowed, never widened, while gates hold it back from scheduling.
import type { FieldError } from '../definition.ts'
import type { NodeSelectorTerm, PodSpec } from '../k8s/core.ts'
import { deepEqual } from './equal.ts'
import { invalid } from './field-error.ts'

const REQUIRED = 'requiredDuringSchedulingIgnoredDuringExecution'
const TERMS = `spec.affinity.nodeAffinity.${REQUIRED}.nodeSelectorTerms`
const ONLY_LABELS_MORE =
  'only additions to spec.nodeSelector are allowed (no mutations or deletions)'
const SAME_COUNT = 'no additions/deletions to non-empty NodeSelectorTerms list are allowed'
const ONLY_MORE = 'only additions are allowed (no mutations or deletions)'

const termsOf = (spec: PodSpec): NodeSelectorTerm[] =>
  spec.affinity?.nodeAffinity?.[REQUIRED]?.nodeSelectorTerms ?? []

function isNarrowed(term: NodeSelectorTerm, old: NodeSelectorTerm): boolean {
  return (['matchExpressions', 'matchFields'] as const).every((kind) =>
    (old[kind] ?? []).every((before, index) => deepEqual(term[kind]?.[index], before)),
  )
}

function validateTerms(spec: PodSpec, old: PodSpec): FieldError[] {
  const [terms, before] = [termsOf(spec), termsOf(old)]
  // Terms are alternatives: each more of them would let the pod go elsewhere, unless there was none.
  if (before.length === 0) return []
  if (terms.length !== before.length) return [invalid(TERMS, terms, SAME_COUNT)]
  return terms.flatMap((term, index) =>
    isNarrowed(term, before[index] ?? {}) ? [] : [invalid(`${TERMS}[${index}]`, term, ONLY_MORE)],
  )
}

export function validateGatedPlacement(spec: PodSpec, old: PodSpec): FieldError[] {
  const labels = spec.nodeSelector ?? {}
  const isKept = Object.entries(old.nodeSelector ?? {}).every(
    ([key, value]) => labels[key] === value,
  )
  return [
    ...(isKept ? [] : [invalid('spec.nodeSelector', labels, ONLY_LABELS_MORE)]),
    ...validateTerms(spec, old),
  ]
}

/** The new spec, to be sent where the old one was. */
export function withPlacementOf(spec: PodSpec, old: PodSpec): PodSpec {
  const { nodeAffinity: _, ...others } = spec.affinity ?? {}
  const before = old.affinity?.nodeAffinity
  const affinity = { ...others, ...(before === undefined ? {} : { nodeAffinity: before }) }
  const isEmpty = Object.keys(affinity).length === 0 && old.affinity === undefined
  return { ...spec, nodeSelector: old.nodeSelector, affinity: isEmpty ? undefined : affinity }
}
