import type { GroupEntry, ResourceEntry } from './groups.ts'

/** APIGroupDiscoveryList of apidiscovery.k8s.io/v2. */
export function aggregatedList(groups: readonly GroupEntry[]): Record<string, unknown> {
  return {
    kind: 'APIGroupDiscoveryList',
    apiVersion: 'apidiscovery.k8s.io/v2',
    metadata: {},
    items: groups.map(({ name, versions }) => ({
      metadata: name === '' ? {} : { name },
      versions: versions.map((version) => ({
        version: version.name,
        resources: version.resources.map((resource) => describe(resource)),
        freshness: version.isStale ? 'Stale' : 'Current',
      })),
    })),
  }
}

function describe(entry: ResourceEntry) {
  const { shortNames, categories, subresources } = entry
  return {
    resource: entry.name,
    responseKind: kindOf(entry),
    scope: entry.namespaced ? 'Namespaced' : 'Cluster',
    singularResource: entry.singular,
    verbs: entry.verbs,
    ...(shortNames.length === 0 ? {} : { shortNames }),
    ...(categories.length === 0 ? {} : { categories }),
    ...(subresources.length === 0
      ? {}
      : {
          subresources: subresources.map((sub) => ({
            subresource: sub.name,
            responseKind: kindOf(sub),
            verbs: sub.verbs,
          })),
        }),
  }
}

/** Empty group and version mean those of the list around it. */
const kindOf = ({ kind, foreign }: ResourceEntry) => ({
  group: foreign?.group ?? '',
  version: foreign?.version ?? '',
  kind,
})
