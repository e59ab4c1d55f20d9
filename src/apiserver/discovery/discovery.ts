// What is served, as clients ask for it: group by group, or all at once ("aggregated").
import { PathNotFoundError } from '../api-errors.ts'
import type { Outcome } from '../context.ts'
import { NO_REMOTE_SERVICES, type RemoteServices } from '../aggregation/remote-services.ts'
import type { ResourceRegistry } from '../resources.ts'
import { aggregatedList } from './aggregated.ts'
import type { GroupEntry } from './groups.ts'
import { groupsOf } from './groups.ts'
import { resourceList } from './resource-list.ts'

const AGGREGATED =
  /application\/json;(?=[^,]*as=APIGroupDiscoveryList)(?=[^,]*v=(v2(?:beta1)?)(?:[;,]|$))/
const AGGREGATED_TYPE = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList'

export type Discovery = (parts: readonly string[], accept: string) => Outcome

export function createDiscovery(
  resources: ResourceRegistry,
  remote: RemoteServices = NO_REMOTE_SERVICES,
  serverAddress: () => string | undefined = () => undefined,
): Discovery {
  let known: { generation: string; groups: GroupEntry[] } | undefined
  const groups = () => {
    const generation = `${resources.generation}/${remote.generation}`
    if (known?.generation !== generation)
      known = { generation, groups: groupsOf(resources, remote.all()) }
    return known.groups
  }
  return (parts, accept) => {
    const [root, ...rest] = parts
    const legacy = root === 'api'
    if (rest.length === 0) {
      const shown = groups().filter(({ name }) => (name === '') === legacy)
      if (wantsAggregated(accept)) return document(aggregatedList(shown), AGGREGATED_TYPE)
      return document(legacy ? apiVersions(serverAddress()) : groupList(shown))
    }
    const [groupName, versionName] = legacy ? ['', rest[0]] : rest
    const group = groups().find(({ name }) => name === groupName)
    if (group === undefined || rest.length > (legacy ? 1 : 2)) throw new PathNotFoundError()
    if (versionName === undefined)
      return document({ kind: 'APIGroup', apiVersion: 'v1', ...describeGroup(group) })
    const version = group.versions.find(({ name }) => name === versionName)
    if (version === undefined) throw new PathNotFoundError()
    return document(resourceList(group, version))
  }
}

/** The first form of the Accept header that discovery has, in the client's order. */
function wantsAggregated(accept: string): boolean {
  const version = AGGREGATED.exec(accept)?.[1]
  return version === 'v2'
}

const document = (value: unknown, contentType = 'application/json'): Outcome => ({
  type: 'document',
  status: 200,
  contentType,
  text: JSON.stringify(value),
})

const apiVersions = (serverAddress: string | undefined) => ({
  kind: 'APIVersions',
  versions: ['v1'],
  serverAddressByClientCIDRs:
    serverAddress === undefined ? [] : [{ clientCIDR: '0.0.0.0/0', serverAddress }],
})

function groupList(groups: readonly GroupEntry[]) {
  return { kind: 'APIGroupList', apiVersion: 'v1', groups: groups.map(describeGroup) }
}

function describeGroup({ name, versions }: GroupEntry) {
  const all = versions.map((version) => ({
    groupVersion: `${name}/${version.name}`,
    version: version.name,
  }))
  return { name, versions: all, preferredVersion: all[0] }
}
