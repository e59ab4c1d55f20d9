// How the tables of default roles write a rule: words with spaces between them.
import type { PolicyRule } from '#kinds/k8s/rbac.ts'

export const READ = 'get list watch'
export const WRITE = 'create delete deletecollection patch update'
export const CHANGE = 'create patch update'

/** The group of Kubernetes' first kinds has no name; in the tables it is called so. */
const CORE = 'core'

const words = (text: string): string[] => text.split(' ').toSorted()

/** Each list in alphabetical order, as Kubernetes writes the rules of its default roles. */
export function rule(verbs: string, groups: string, resources: string, names?: string): PolicyRule {
  return {
    verbs: words(verbs),
    apiGroups: words(groups).map((group) => (group === CORE ? '' : group)),
    resources: words(resources),
    ...(names === undefined ? {} : { resourceNames: words(names) }),
  }
}

export const paths = (urls: string): PolicyRule => ({
  verbs: ['get'],
  nonResourceURLs: words(urls),
})

/** Whoever acts tells what he did. */
export const EVENTS = rule(CHANGE, 'core events.k8s.io', 'events')
