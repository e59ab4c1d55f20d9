// A ContainerService: an image that runs as replicas behind a load balancer.
import type { Condition } from '#kinds/k8s/meta.ts'
import type { IntOrString, KubeObject, Quantity } from '#kinds/object.ts'
import { ccsRef } from './group.ts'

export interface ServicePort {
  name?: string
  /** Port of the load balancer; the same as targetPort unless given. */
  port: number
  /** Port the container listens on. */
  targetPort?: number
  protocol?: 'TCP' | 'UDP'
}

/** How an instance is seen to be ready for requests. */
export interface Readiness {
  /** TCP: the port takes a connection. HTTP: a GET of `path` is answered with 200 to 399. None: it runs. */
  type?: 'TCP' | 'HTTP' | 'None'
  /** Port of the container; the first TCP port unless given. */
  port?: number
  /** For HTTP. */
  path?: string
  initialDelaySeconds?: number
  periodSeconds?: number
  timeoutSeconds?: number
  failureThreshold?: number
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
  /** A TCP check of the first TCP port unless given. */
  readiness?: Readiness
  /**
   * How long an instance serves on after it was told to stop, so that requests already on their way to it are
   * answered. A service without ports has nothing to wait for.
   */
  drainSeconds?: number
  /** How many instances may be taken away at once when machines are drained; a share is rounded up. */
  maxUnavailable?: IntOrString
  /** Over zones, then machines. Preferred: as well as it goes. Required: rather not run than not spread. */
  spread?: 'Preferred' | 'Required' | 'None'
}

/** What holds where a field is left out; the hub writes them too. */
export const serviceDefaults = {
  replicas: 1,
  access: 'Public',
  drainSeconds: 2,
  maxUnavailable: '25%',
  spread: 'Preferred',
  readiness: { type: 'TCP', periodSeconds: 1, timeoutSeconds: 1, failureThreshold: 3 },
} as const satisfies Partial<ContainerServiceSpec>

export interface ContainerServiceStatus {
  phase: 'Pending' | 'Updating' | 'Ready' | 'Degraded' | 'Failed'
  observedGeneration?: number
  /** The wishes that are annotations (a restart, a new look at a tag) that this status knows of. */
  observedRequests?: string
  /** Full name with digest of what the newest revision runs. */
  image?: string
  /** What `image` was looked up from: spec.image, and the wish to look it up again. */
  imageSource?: string
  /** Number of the revision that runs or is being rolled out, see ServiceRevision. */
  revision?: number
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
