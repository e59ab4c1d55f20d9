// The discovery documents that `fakeApi` answers, made from a list of kinds.
import type { KindRef } from '#kinds/ref.ts'

const VERBS = ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch']

const groupVersion = ({ group, version }: KindRef) =>
  group === '' ? version : `${group}/${version}`

function groupList(kinds: readonly KindRef[]) {
  const groups = [...new Set(kinds.map((kind) => kind.group))].filter((group) => group !== '')
  return {
    apiVersion: 'v1',
    kind: 'APIGroupList',
    groups: groups.toSorted().map((name) => {
      const versions = [...new Set(kinds.filter((k) => k.group === name).map(groupVersion))]
        .toSorted()
        .map((version) => ({ groupVersion: version, version: version.split('/')[1] }))
      return { name, versions, preferredVersion: versions[0] }
    }),
  }
}

/** The document at `path`, or undefined when it is not one of discovery. */
export function discoveryDocument(path: string, kinds: readonly KindRef[]): unknown {
  if (path === '/api') return { kind: 'APIVersions', versions: ['v1'] }
  if (path === '/apis') return groupList(kinds)
  const match = /^\/(?:api|apis)\/([^/]+(?:\/[^/]+)?)$/.exec(path)
  const of = kinds.filter((kind) => groupVersion(kind) === match?.[1])
  if (of.length === 0) return undefined
  return {
    apiVersion: 'v1',
    kind: 'APIResourceList',
    groupVersion: match![1],
    resources: of.map(({ kind, plural, namespaced }) => ({
      name: plural,
      singularName: kind.toLowerCase(),
      kind,
      namespaced,
      verbs: VERBS,
    })),
  }
}
