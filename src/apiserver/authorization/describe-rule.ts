import type { PolicyRule } from '#kinds/k8s/rbac.ts'

const FIELDS = [
  ['APIGroups', 'apiGroups'],
  ['Resources', 'resources'],
  ['NonResourceURLs', 'nonResourceURLs'],
  ['ResourceNames', 'resourceNames'],
  ['Verbs', 'verbs'],
] as const

/** A rule in the words of Kubernetes' messages: `{APIGroups:["apps"], Resources:["pods"], Verbs:["get" "list"]}`. */
export function describeRule(rule: PolicyRule): string {
  const parts = FIELDS.flatMap(([label, field]) => {
    const list = rule[field] ?? []
    if (list.length === 0) return []
    return [`${label}:[${list.map((one) => JSON.stringify(one)).join(' ')}]`]
  })
  return `{${parts.join(', ')}}`
}
