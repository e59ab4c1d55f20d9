// A cluster: the hub's record of one logical Kubernetes cluster and where it comes from.
import type { Condition } from '#kinds/k8s/meta.ts'
import type { KubeObject } from '#kinds/object.ts'
import { ccsRef } from './group.ts'

export interface ClusterSpec {
  /** Who makes it. First light knows `local`. */
  provider: 'local'
  region: string
  zones: string[]
  /** Filled by the provider when left empty; fixed afterwards. */
  network?: ClusterNetwork
}

export interface ClusterNetwork {
  /** Each machine gets a /24 of it. */
  podCIDR: string
  serviceCIDR: string
  machineCIDR: string
}

export interface ClusterStatus {
  phase: 'Pending' | 'Provisioning' | 'Ready' | 'Failed' | 'Deleting'
  conditions?: Condition[]
  network?: ClusterNetwork
  /** The host's end of the uplink: API, DNS and registry listen here for the cluster's pods. */
  gatewayAddress?: string
  /** Address of the cluster's DNS service inside the cluster. */
  dnsAddress?: string
  /** Path of the router's network namespace. */
  routerNamespace?: string
}

export interface Cluster extends KubeObject {
  spec: ClusterSpec
  status?: ClusterStatus
}

export const clusters = ccsRef<Cluster>('Cluster', 'clusters', false)
