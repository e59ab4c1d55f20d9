// The main port: the hub at `/`, every cluster at `/clusters/<name>/`.
import type { LogicalCluster } from '#apiserver/logical-cluster.ts'

export interface Routed {
  cluster: LogicalCluster
  /** Path below the cluster's root, with query. */
  path: string
}

const CLUSTER_PATH = /^\/clusters\/([^/?]+)(\/?.*)$/

/** Undefined when the path names a cluster that is not served. */
export function routeMainPort(
  target: string,
  hub: LogicalCluster,
  clusterOf: (name: string) => LogicalCluster | undefined,
): Routed | undefined {
  const match = CLUSTER_PATH.exec(target)
  if (match === null) return { cluster: hub, path: target }
  const cluster = clusterOf(match[1]!)
  const rest = match[2]!
  return cluster && { cluster, path: rest.startsWith('/') ? rest : `/${rest}` }
}
