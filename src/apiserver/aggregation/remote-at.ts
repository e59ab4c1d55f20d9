import type { RemoteServices, RemoteVersion } from './remote-services.ts'

const BELOW_GROUP_VERSION = /^\/apis\/([^/?]+)\/([^/?]+)(?=[/?]|$)/

/** The other server's group version that a path is in, with or without a query. */
export function remoteAt(remote: RemoteServices, path: string): RemoteVersion | undefined {
  // Asked for every request, and most clusters have none.
  if (remote.isEmpty) return undefined
  const [, group, version] = BELOW_GROUP_VERSION.exec(path) ?? []
  return group === undefined ? undefined : remote.find(group, version!)
}
