// The registry's resources by group and version, with their subresources: the one source of all
// forms of discovery.
import type { ResourceRegistry, ServedResource } from '../resources.ts'
import { compareGroups } from '../group-priorities.ts'
import { subresourcesOf } from './subresource-entries.ts'

export interface ResourceEntry {
  name: string
  singular: string
  namespaced: boolean
  kind: string
  /** Set where the kind of the body is not the group's own. */
  foreign?: { group: string; version: string }
  verbs: readonly string[]
  shortNames: readonly string[]
  categories: readonly string[]
  subresources: readonly ResourceEntry[]
  /** The group and version its objects are stored in, "/v1" in the core group; absent when they are not. */
  storedAs?: string
}

export interface VersionEntry {
  name: string
  resources: ResourceEntry[]
}

export interface GroupEntry {
  /** "" is the core group. */
  name: string
  versions: VersionEntry[]
}

export function groupsOf(registry: ResourceRegistry): GroupEntry[] {
  const groups = new Map<string, Map<string, ResourceEntry[]>>()
  const add = (group: string, version: string, entry: ResourceEntry) => {
    const versions = groups.get(group) ?? new Map<string, ResourceEntry[]>()
    groups.set(group, versions)
    const entries = versions.get(version) ?? []
    versions.set(version, entries)
    entries.push(entry)
  }
  for (const resource of registry.all()) add(resource.group, resource.version, entryOf(resource))
  for (const review of registry.reviews())
    add(review.group, review.version, {
      name: review.plural,
      singular: review.singular,
      namespaced: review.namespaced,
      kind: review.kind,
      verbs: ['create'],
      shortNames: [],
      categories: [],
      subresources: [],
    })
  const ordered = [...groups].toSorted(([a], [b]) => compareGroups(a, b))
  return ordered.map(([name, versions]) => ({
    name,
    versions: [...versions]
      .map(([version, resources]) => ({
        name: version,
        resources: resources.toSorted((a, b) => (a.name < b.name ? -1 : 1)),
      }))
      .toSorted((a, b) => compareVersions(a.name, b.name)),
  }))
}

/** A custom kind is stored in the version it is asked for, as far as clients can tell. */
const storedAs = ({ custom, apiVersion, definition }: ServedResource): string =>
  custom ? apiVersion : `${definition.ref.group}/${definition.ref.version}`

function entryOf(resource: ServedResource): ResourceEntry {
  const { definition } = resource
  return {
    name: resource.plural,
    singular: definition.singular,
    namespaced: resource.namespaced,
    kind: resource.kind,
    verbs: resource.verbs,
    shortNames: definition.shortNames,
    categories: definition.categories,
    subresources: subresourcesOf(resource),
    ...(definition.isComputed ? {} : { storedAs: storedAs(resource) }),
  }
}

/** Stable versions before betas before alphas, newer before older (apimachinery version.Compare). */
export function compareVersions(a: string, b: string): number {
  const [left, right] = [rankOf(a), rankOf(b)]
  for (let i = 0; i < left.length; i++) if (left[i] !== right[i]) return right[i]! - left[i]!
  return a < b ? -1 : a > b ? 1 : 0
}

function rankOf(version: string): number[] {
  const match = /^v(\d+)(?:(alpha|beta)(\d+))?$/.exec(version)
  if (match === null) return [0, 0, 0]
  const stability = match[2] === undefined ? 3 : match[2] === 'beta' ? 2 : 1
  return [stability, Number(match[1]), Number(match[3] ?? 0)]
}
