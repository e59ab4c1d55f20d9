// Which kinds a cluster serves, custom ones included, by the API's discovery documents.
import { describeError } from '#base/log.ts'
import type { Client } from '#client/types.ts'
import type { APIGroup, APIResourceList } from '#kinds/k8s/meta.ts'
import type { KindRef } from '#kinds/ref.ts'

export interface DiscoveredKind extends KindRef {
  verbs: readonly string[]
}

export interface Discovery {
  /** Every kind once, in the version its group prefers, in the order of groups and names. */
  kinds: DiscoveredKind[]
  /** Groups that did not answer, such as those of another server: what is in them is not known. */
  failures: { group: string; version: string; message: string }[]
}

export async function discoverKinds(client: Client): Promise<Discovery> {
  const { groups } = (await client.raw('/apis')) as { groups: APIGroup[] }
  const roots = groups
    .map(({ versions, preferredVersion }) => preferredVersion ?? versions[0])
    .filter((version) => version !== undefined)
    .map(({ groupVersion }) => groupVersion)
    .toSorted()
  const kinds = await kindsAt(client, '/api/v1', { group: '', version: 'v1' })
  const failures: Discovery['failures'] = []
  for (const groupVersion of roots) {
    const [group = '', version = ''] = groupVersion.split('/')
    try {
      kinds.push(...(await kindsAt(client, `/apis/${groupVersion}`, { group, version })))
    } catch (error) {
      failures.push({ group, version, message: describeError(error) })
    }
  }
  return { kinds, failures }
}

async function kindsAt(
  client: Client,
  path: string,
  { group, version }: { group: string; version: string },
): Promise<DiscoveredKind[]> {
  const { resources } = (await client.raw(path)) as APIResourceList
  return resources
    .filter(({ name }) => !name.includes('/'))
    .map(({ name: plural, kind, namespaced, verbs }): DiscoveredKind => ({
      group,
      version,
      kind,
      plural,
      namespaced,
      verbs,
    }))
    .toSorted((a, b) => (a.plural < b.plural ? -1 : 1))
}

/** Kinds whose objects come and go by themselves. */
export const canBeManaged = ({ verbs }: DiscoveredKind): boolean =>
  ['list', 'watch', 'delete'].every((verb) => verbs.includes(verb))
