import { createHash } from 'node:crypto'
import type { GroupEntry, ResourceEntry, VersionEntry } from './groups.ts'

/** The APIResourceList of one group version: subresources stand beside resources. */
export function resourceList(group: GroupEntry, version: VersionEntry): Record<string, unknown> {
  const groupVersion = group.name === '' ? version.name : `${group.name}/${version.name}`
  return {
    kind: 'APIResourceList',
    ...(group.name === '' ? {} : { apiVersion: 'v1' }),
    groupVersion,
    resources: version.resources.flatMap((resource) => [
      describe(resource, resource.name, hashOf(resource)),
      ...resource.subresources.map((sub) => describe(sub, `${resource.name}/${sub.name}`)),
    ]),
  }
}

function describe(entry: ResourceEntry, name: string, storageVersionHash?: string) {
  const { shortNames, categories } = entry
  return {
    name,
    singularName: entry.singular,
    namespaced: entry.namespaced,
    ...entry.foreign,
    kind: entry.kind,
    verbs: entry.verbs,
    ...(shortNames.length === 0 ? {} : { shortNames }),
    ...(categories.length === 0 ? {} : { categories }),
    ...(storageVersionHash === undefined ? {} : { storageVersionHash }),
  }
}

/** Tells clients when the stored version of a kind changes; only stored kinds have it. */
function hashOf({ kind, storedAs }: ResourceEntry): string | undefined {
  if (storedAs === undefined) return undefined
  return createHash('sha256')
    .update(`${storedAs}/${kind}`)
    .digest()
    .subarray(0, 8)
    .toString('base64')
}
