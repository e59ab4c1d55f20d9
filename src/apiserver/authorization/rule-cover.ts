// Whether rights someone has include all that a rule would give. Pure.
import type { PolicyRule } from '#kinds/k8s/rbac.ts'
import type { Attributes } from './authorizer.ts'
import { ruleAllows } from './rules.ts'

export function covers(owned: readonly PolicyRule[], wanted: PolicyRule): boolean {
  for (const single of singleRights(wanted))
    if (!owned.some((rule) => ruleAllows(rule, single))) return false
  return true
}

/** Every single right of a rule; a "*" in it can only be covered by a "*". */
function* singleRights(rule: PolicyRule): Generator<Attributes> {
  for (const verb of rule.verbs) {
    for (const path of rule.nonResourceURLs ?? []) yield { type: 'path', verb, path }
    for (const group of rule.apiGroups ?? [])
      for (const full of rule.resources ?? [])
        for (const name of rule.resourceNames?.length ? rule.resourceNames : [undefined]) {
          const [resource, subresource] = split(full)
          yield {
            type: 'resource',
            verb,
            group,
            version: '',
            resource,
            subresource,
            namespace: undefined,
            name,
          }
        }
  }
}

function split(full: string): [string, string | undefined] {
  const slash = full.indexOf('/')
  return slash < 0 ? [full, undefined] : [full.slice(0, slash), full.slice(slash + 1)]
}
