// What a new pod's scheduling terms become once its labels are known.
import type { LabelSelector, LabelSelectorRequirement } from './k8s/meta.ts'
import type { Pod, PodAffinityTerm } from './k8s/core.ts'

const REQUIRED = 'requiredDuringSchedulingIgnoredDuringExecution'
const PREFERRED = 'preferredDuringSchedulingIgnoredDuringExecution'

function narrow(
  { metadata }: Pod,
  selector: LabelSelector | undefined,
  { keys = [], operator }: { keys: string[] | undefined; operator: 'In' | 'NotIn' },
): void {
  if (selector === undefined) return
  const own = keys.flatMap((key): LabelSelectorRequirement[] => {
    const value = metadata.labels?.[key]
    return value === undefined ? [] : [{ key, operator, values: [value] }]
  })
  if (own.length > 0) selector.matchExpressions = [...(selector.matchExpressions ?? []), ...own]
}

/**
 * Writes `matchLabelKeys` and `mismatchLabelKeys` out as requirements with the pod's own values, as the
 * Kubernetes API server does when a pod is created (KEP-3633, KEP-3243). Changes the pod.
 */
export function writeOutLabelKeys(pod: Pod): void {
  const { affinity, topologySpreadConstraints } = pod.spec
  const terms: PodAffinityTerm[] = [affinity?.podAffinity, affinity?.podAntiAffinity].flatMap(
    (each) => [
      ...(each?.[REQUIRED] ?? []),
      ...(each?.[PREFERRED] ?? []).map(({ podAffinityTerm }) => podAffinityTerm),
    ],
  )
  for (const { labelSelector, matchLabelKeys, mismatchLabelKeys } of terms) {
    narrow(pod, labelSelector, { keys: matchLabelKeys, operator: 'In' })
    narrow(pod, labelSelector, { keys: mismatchLabelKeys, operator: 'NotIn' })
  }
  for (const { labelSelector, matchLabelKeys } of topologySpreadConstraints ?? [])
    narrow(pod, labelSelector, { keys: matchLabelKeys, operator: 'In' })
}
