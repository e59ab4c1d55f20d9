// The registry's resources by group and version, with their subresources: the one source of all
// forms of discovery.
import type { ResourceRegistry, ServedResource } from '../resources.ts'
import { compareGroups, priorityOf } from '../group-priorities.ts'
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
  resources: readonly ResourceEntry[]
  /** Another server's, which did not answer: this is what it served before. */
  isStale?: boolean
}

export interface GroupEntry {
  /** "" is the core group. */
  name: string
  versions: VersionEntry[]
}

/** A version that another server serves. */
export interface RemoteEntry {
  group: string
  version: string
  priority: { group: number; version: number }
  resources: readonly ResourceEntry[]
  isThere: boolean
}

export function groupsOf(
  registry: ResourceRegistry,
  remote: readonly RemoteEntry[] = [],
): GroupEntry[] {
  return withRemote(localGroups(registry), remote)
}

function localGroups(registry: ResourceRegistry): GroupEntry[] {
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

/** Groups by the highest priority of their versions, versions of a group by their own. */
function withRemote(local: readonly GroupEntry[], remote: readonly RemoteEntry[]): GroupEntry[] {
  if (remote.length === 0) return [...local]
  const groups = new Map(
    local.map(({ name, versions }) => [name, { name, versions: [...versions] }]),
  )
  const priorities = new Map<string, { group: number; version: number }>()
  for (const { group, version, priority, resources, isThere } of remote) {
    const entry = groups.get(group) ?? { name: group, versions: [] }
    groups.set(group, entry)
    entry.versions.push({ name: version, resources, ...(isThere ? {} : { isStale: true }) })
    priorities.set(`${group}/${version}`, priority)
  }
  const priorityIn = (group: string, version: string) =>
    priorities.get(`${group}/${version}`) ?? priorityOf(group, version)
  const highest = ({ name, versions }: GroupEntry): number =>
    Math.max(...versions.map((version) => priorityIn(name, version.name).group))
  for (const { name, versions } of groups.values())
    versions.sort(
      (a, b) =>
        priorityIn(name, b.name).version - priorityIn(name, a.name).version ||
        compareVersions(a.name, b.name),
    )
  return [...groups.values()].toSorted(
    (a, b) => highest(b) - highest(a) || (a.name < b.name ? -1 : 1),
  )
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
