// Whether rights someone has include all that a rule would give. Pure.
import type { PolicyRule } from '#kinds/k8s/rbac.ts'
import type { Attributes } from './authorizer.ts'
import { ruleAllows } from './rules.ts'

export function covers(owned: readonly PolicyRule[], wanted: PolicyRule): boolean {
  for (const single of singleRights(wanted)) if (!isOwned(owned, single)) return false
  return true
}

const isOwned = (owned: readonly PolicyRule[], single: Attributes): boolean =>
  owned.some((rule) => ruleAllows(rule, single))

/** What of `wanted` is not owned, the verbs of one resource (and name, or path) together. */
export function uncovered(
  owned: readonly PolicyRule[],
  wanted: readonly PolicyRule[],
): PolicyRule[] {
  const missing = new Map<string, PolicyRule>()
  for (const rule of wanted)
    for (const single of singleRights(rule)) {
      if (isOwned(owned, single)) continue
      const {
        verbs: [verb = ''],
        ...place
      } = ruleOf(single)
      const key = JSON.stringify(place)
      const found = missing.get(key)
      if (found === undefined) missing.set(key, { ...place, verbs: [verb] })
      else if (!found.verbs.includes(verb)) found.verbs.push(verb)
    }
  return [...missing.values()]
}

function ruleOf(single: Attributes): PolicyRule {
  if (single.type === 'path') return { verbs: [single.verb], nonResourceURLs: [single.path] }
  const { verb, group, resource, subresource, name } = single
  return {
    verbs: [verb],
    apiGroups: [group],
    resources: [subresource === undefined ? resource : `${resource}/${subresource}`],
    ...(name === undefined ? {} : { resourceNames: [name] }),
  }
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
