// Terms of affinity to pods: which pods a term speaks of, and over which topology.
import type { Affinity, Pod, PodAffinityTerm, WeightedPodAffinityTerm } from '#kinds/k8s/core.ts'
import {
  formatLabelSelector,
  type Labels,
  matchesRequirements,
  requirementsOf,
} from '#kinds/label-selector.ts'

/** Labels of a namespace by its name. */
export type NamespaceLabels = (namespace: string) => Labels

export interface PodTerm {
  /** Terms with the same key speak of the same pods. */
  key: string
  topologyKey: string
  /** Whether namespaces are chosen by their labels, which may change. */
  readsNamespaces: boolean
  matches: (pod: Pod, namespaceLabels: NamespaceLabels) => boolean
}

/** A term with neither namespaces nor a selector of them speaks of the namespace of its own pod. */
export function podTerm(term: PodAffinityTerm, owner: Pod): PodTerm {
  const { topologyKey, labelSelector, namespaceSelector } = term
  const named = term.namespaces ?? []
  const isOwn = named.length === 0 && namespaceSelector === undefined
  const namespaces = new Set(isOwn ? [owner.metadata.namespace ?? ''] : named)
  const wanted = labelSelector && requirementsOf(labelSelector)
  const wantedNamespaces = namespaceSelector && requirementsOf(namespaceSelector)
  return {
    key: JSON.stringify([
      topologyKey,
      [...namespaces].toSorted(),
      namespaceSelector ? formatLabelSelector(namespaceSelector) : null,
      labelSelector ? formatLabelSelector(labelSelector) : null,
    ]),
    topologyKey,
    readsNamespaces: wantedNamespaces !== undefined,
    matches({ metadata }, namespaceLabels) {
      const { namespace = '', labels } = metadata
      // No selector selects nothing, as everywhere in Kubernetes.
      if (wanted === undefined || !matchesRequirements(wanted, labels)) return false
      if (namespaces.has(namespace)) return true
      if (wantedNamespaces === undefined) return false
      return matchesRequirements(wantedNamespaces, namespaceLabels(namespace))
    },
  }
}

/** A term that the pod carries to its node, where it goes on to speak of pods that come later. */
export interface CarriedTerm {
  key: string
  /** `avoid`: no pod it speaks of may come. `prefer`: those pods like its domain by `weight`. */
  type: 'avoid' | 'prefer'
  /** Negative for dislike. */
  weight: number
  term: PodTerm
}

/** What a required affinity of a pod that is there counts for a pod to come (kube-scheduler's default). */
const REQUIRED_WEIGHT = 1
const NONE: readonly CarriedTerm[] = []

const REQUIRED = 'requiredDuringSchedulingIgnoredDuringExecution'
const PREFERRED = 'preferredDuringSchedulingIgnoredDuringExecution'

const carried = (type: CarriedTerm['type'], weight: number, term: PodTerm): CarriedTerm => ({
  key: `${type} ${weight} ${term.key}`,
  type,
  weight,
  term,
})

export function carriedTerms(pod: Pod): readonly CarriedTerm[] {
  const { podAffinity, podAntiAffinity } = pod.spec?.affinity ?? ({} as Affinity)
  if (podAffinity === undefined && podAntiAffinity === undefined) return NONE
  const preferred = (terms: WeightedPodAffinityTerm[] | undefined, sign: 1 | -1) =>
    (terms ?? []).map(({ weight, podAffinityTerm }) =>
      carried('prefer', sign * weight, podTerm(podAffinityTerm, pod)),
    )
  return [
    ...requiredTerms(pod, 'podAntiAffinity').map((term) => carried('avoid', 1, term)),
    ...requiredTerms(pod, 'podAffinity').map((term) => carried('prefer', REQUIRED_WEIGHT, term)),
    ...preferred(podAffinity?.[PREFERRED], 1),
    ...preferred(podAntiAffinity?.[PREFERRED], -1),
  ]
}

export function requiredTerms(pod: Pod, kind: 'podAffinity' | 'podAntiAffinity'): PodTerm[] {
  return (pod.spec?.affinity?.[kind]?.[REQUIRED] ?? []).map((term) => podTerm(term, pod))
}

export interface Preference {
  term: PodTerm
  /** Negative for dislike. */
  weight: number
}

export function preferredTerms(pod: Pod): Preference[] {
  const { podAffinity, podAntiAffinity } = pod.spec?.affinity ?? ({} as Affinity)
  const of = (terms: WeightedPodAffinityTerm[] | undefined, sign: 1 | -1) =>
    (terms ?? []).map(({ weight, podAffinityTerm }) => ({
      term: podTerm(podAffinityTerm, pod),
      weight: sign * weight,
    }))
  return [...of(podAffinity?.[PREFERRED], 1), ...of(podAntiAffinity?.[PREFERRED], -1)]
}
