// The paths below `/proxy` of a pod, a service or a node. What follows is the other server's, taken as it
// stands.

export interface ProxiedPath {
  resource: 'pods' | 'services' | 'nodes'
  /** As it stands in the path: "[scheme:]name[:port]". */
  subject: string
  /** From the slash after "proxy" on; empty when there is none. */
  rest: string
}

const PROXIED = /^\/api\/v1\/(?:namespaces\/[^/]+\/(pods|services)|(nodes))\/([^/]+)\/proxy(\/.*)?$/

/** `path` without query. */
export function readProxiedPath(path: string): ProxiedPath | undefined {
  const [, inNamespace, nodes, subject, rest = ''] = PROXIED.exec(path) ?? []
  const resource = (inNamespace ?? nodes) as ProxiedPath['resource'] | undefined
  return resource === undefined ? undefined : { resource, subject: subject!, rest }
}

export interface Subject {
  scheme: 'http' | 'https' | undefined
  name: string
  /** A number or, of a service, a name; empty for the default one. */
  port: string
}

/** Undefined when it is none: "name", "name:port" and "scheme:name:port" are. */
export function readSubject(text: string): Subject | undefined {
  const parts = text.split(':')
  if (parts.length > 3) return undefined
  const [scheme, name = '', port = ''] = parts.length === 3 ? parts : ['', ...parts]
  if (name === '' || !['', 'http', 'https'].includes(scheme!)) return undefined
  return { scheme: scheme === '' ? undefined : (scheme as 'http' | 'https'), name, port }
}
