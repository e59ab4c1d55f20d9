// A ContainerService: an image that runs as replicas behind a load balancer.
import type { Condition } from '#kinds/k8s/meta.ts'
import type { KubeObject, Quantity } from '#kinds/object.ts'
import { ccsRef } from './group.ts'

export interface ServicePort {
  name?: string
  /** Port of the load balancer; the same as targetPort unless given. */
  port: number
  /** Port the container listens on. */
  targetPort?: number
  protocol?: 'TCP' | 'UDP'
}

export interface ContainerServiceSpec {
  /** Cluster the service runs in. */
  cluster: string
  /** As the user wrote it; what runs is status.image. */
  image: string
  replicas?: number
  ports?: ServicePort[]
  env?: { name: string; value?: string }[]
  command?: string[]
  args?: string[]
  resources?: { requests?: Record<string, Quantity>; limits?: Record<string, Quantity> }
  /** Public: a load balancer reachable from the host. Cluster: a name inside the cluster. None: no address. */
  access?: 'Public' | 'Cluster' | 'None'
}

export interface ContainerServiceStatus {
  phase: 'Pending' | 'Updating' | 'Ready' | 'Degraded' | 'Failed'
  observedGeneration?: number
  /** Full name with digest of what the newest revision runs. */
  image?: string
  /** What `image` was looked up from: spec.image, and the wish to look it up again. */
  imageSource?: string
  replicas?: number
  readyReplicas?: number
  updatedReplicas?: number
  /** Where it answers, from this computer: "http://127.0.0.1:20000". */
  url?: string
  /** Load balancer's address and name. */
  address?: string
  hostname?: string
  conditions?: Condition[]
}

export interface ContainerService extends KubeObject {
  spec: ContainerServiceSpec
  status?: ContainerServiceStatus
}

export const containerServices = ccsRef<ContainerService>(
  'ContainerService',
  'containerservices',
  true,
)
