// Labels, annotations and names that tie a ContainerService to what it became in its cluster.

export const labels = {
  service: 'ccs.dev/service',
  project: 'ccs.dev/project',
  managedBy: 'app.kubernetes.io/managed-by',
  name: 'app.kubernetes.io/name',
} as const

export const annotations = {
  /** On what we write: hash of what we wanted, so that a change by someone else is told from one of ours. */
  desired: 'ccs.dev/desired',
  /** On the Deployment: the image as the user wrote it when its digest was looked up. */
  imageSource: 'ccs.dev/image-source',
  /** On the Deployment: number of the ServiceRevision that it runs. */
  revision: 'ccs.dev/revision',
  /** On the pod template: the last restart that was asked for. */
  restartedAt: 'ccs.dev/restarted-at',
  /** On a Service: ports on 127.0.0.1, see docs/ARCHITECTURE.md "Network". */
  hostPorts: 'ccs.dev/host-ports',
} as const

export const MANAGER = 'ccs'

/** Removes what a service became in its cluster before the service itself goes. */
export const SERVICE_FINALIZER = 'ccs.dev/container-service'

/** Name of a public service for this computer and its neighbours. */
export function serviceHostname(project: string, service: string, cluster: string): string {
  return `${service}.${project}.${cluster}.ccs.internal`
}
