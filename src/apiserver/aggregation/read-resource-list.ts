// What another server says it serves, read into the entries that discovery is made of. It may say anything.
import type { ResourceEntry } from '../discovery/groups.ts'
import { isRecord } from '../body.ts'

/** Resources of one group version that are read; more are left out. */
const RESOURCES_MAX = 1_000

/** The entries of an APIResourceList; nothing when it is none. */
export function readResourceList(text: string): ResourceEntry[] | undefined {
  const list = parsed(text)
  if (!isRecord(list) || !Array.isArray(list['resources'])) return undefined
  const all = list['resources'].slice(0, RESOURCES_MAX).filter(isRecord).map(read)
  const byName = new Map(
    all.filter(({ name }) => !name.includes('/')).map((entry) => [entry.name, entry]),
  )
  for (const entry of all) {
    const slash = entry.name.indexOf('/')
    const parent = slash < 0 ? undefined : byName.get(entry.name.slice(0, slash))
    parent?.subresources.push({ ...entry, name: entry.name.slice(slash + 1) })
  }
  return [...byName.values()]
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}

function read(
  resource: Record<string, unknown>,
): ResourceEntry & { subresources: ResourceEntry[] } {
  const group = textOf(resource['group'])
  const version = textOf(resource['version'])
  return {
    name: textOf(resource['name']),
    singular: textOf(resource['singularName']),
    namespaced: resource['namespaced'] === true,
    kind: textOf(resource['kind']),
    ...(version === '' ? {} : { foreign: { group, version } }),
    verbs: textsOf(resource['verbs']),
    shortNames: textsOf(resource['shortNames']),
    categories: textsOf(resource['categories']),
    subresources: [],
  }
}

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '')

const textsOf = (value: unknown): string[] =>
  Array.isArray(value) ? value.filter((one) => typeof one === 'string') : []
