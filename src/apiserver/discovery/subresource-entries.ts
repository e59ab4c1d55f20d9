import type { Subresource } from '#kinds/definition.ts'
import type { ServedResource } from '../resources.ts'
import type { ResourceEntry } from './groups.ts'

interface Described {
  kind?: string
  foreign?: { group: string; version: string }
  verbs: readonly string[]
}

const READ_WRITE = ['get', 'patch', 'update']

const DESCRIBED: Readonly<Record<Subresource, Described>> = {
  status: { verbs: READ_WRITE },
  resize: { verbs: READ_WRITE },
  ephemeralcontainers: { verbs: READ_WRITE },
  approval: { verbs: READ_WRITE },
  proxy: { kind: 'ProxyOptions', verbs: ['create', 'delete', 'get', 'patch', 'update'] },
  finalize: { verbs: ['update'] },
  scale: { kind: 'Scale', foreign: { group: 'autoscaling', version: 'v1' }, verbs: READ_WRITE },
  log: { verbs: ['get'] },
  exec: { kind: 'PodExecOptions', verbs: ['create', 'get'] },
  attach: { kind: 'PodAttachOptions', verbs: ['create', 'get'] },
  portforward: { kind: 'PodPortForwardOptions', verbs: ['create', 'get'] },
  binding: { kind: 'Binding', verbs: ['create'] },
  eviction: { kind: 'Eviction', foreign: { group: 'policy', version: 'v1' }, verbs: ['create'] },
  token: {
    kind: 'TokenRequest',
    foreign: { group: 'authentication.k8s.io', version: 'v1' },
    verbs: ['create'],
  },
}

export const isServed = (resource: ServedResource, subresource: string): boolean =>
  resource.definition.subresources.includes(subresource as Subresource)

export function subresourcesOf(resource: ServedResource): ResourceEntry[] {
  return resource.definition.subresources
    .filter((name) => isServed(resource, name))
    .toSorted()
    .map((name) => {
      const { kind, foreign, verbs } = DESCRIBED[name]
      return {
        name,
        singular: '',
        namespaced: resource.namespaced,
        kind: name === 'proxy' ? `${resource.kind}${kind}` : (kind ?? resource.kind),
        ...(foreign === undefined ? {} : { foreign }),
        verbs,
        shortNames: [],
        categories: [],
        subresources: [],
      }
    })
}
