// Pure: what to say of a ContainerService, from what it became in its cluster.
import type { ContainerService, ContainerServiceStatus } from '#kinds/ccs/container-service.ts'
import type { Deployment } from '#kinds/k8s/apps.ts'
import type { Pod, Service } from '#kinds/k8s/core.ts'
import type { Condition } from '#kinds/k8s/meta.ts'
import { rfc3339 } from '#base/clock.ts'
import { type PodProblem, podProblem } from '#kinds/ccs/pod-problem.ts'
import { requestsOf } from '#kinds/ccs/service-annotations.ts'
import { annotations, serviceHostname } from './names.ts'
import type { Problem } from './problem.ts'

export interface Observed {
  deployment: Deployment | undefined
  service: Service | undefined
  /** The service's pods, for the reason why one is not ready. */
  pods: Pod[]
  /** What stopped the last reconcile, such as an image that is not there. */
  problem: Problem | undefined
  nowMs: number
}

/** Whether the newest revision was complete at some time (the Deployment's own word for it). */
function isRolledOut(deployment: Deployment): boolean {
  return (
    deployment.status?.conditions?.some(
      ({ type, reason }) => type === 'Progressing' && reason === 'NewReplicaSetAvailable',
    ) ?? false
  )
}

function progressFailed(deployment: Deployment): boolean {
  return (
    deployment.status?.conditions?.some(
      (condition) => condition.type === 'Progressing' && condition.status === 'False',
    ) ?? false
  )
}

/** Ready, and for as long as it takes to count. */
const readyOf = ({ status }: Deployment): number => status?.availableReplicas ?? 0

interface Verdict {
  phase: ContainerServiceStatus['phase']
  reason: string
  message: string
}

/** Of the newest instance that has one: those that end are nobody's worry any more. */
function problemOf(pods: readonly Pod[]): PodProblem | undefined {
  const born = ({ metadata }: Pod) => metadata.creationTimestamp ?? ''
  return pods
    .filter(({ metadata }) => metadata.deletionTimestamp === undefined)
    .toSorted((a, b) => (born(a) < born(b) ? 1 : -1))
    .map(podProblem)
    .find((found) => found !== undefined)
}

function verdict(service: ContainerService, observed: Observed): Verdict {
  const { deployment, problem } = observed
  if (problem) {
    const { reason, message, isPassing = false } = problem
    return { phase: isPassing ? 'Pending' : 'Failed', reason, message }
  }
  const wanted = service.spec.replicas ?? 1
  const status = deployment?.status
  if (!deployment || status?.observedGeneration !== deployment.metadata.generation)
    return { phase: 'Pending', reason: 'Pending', message: 'waiting for the cluster' }
  const updated = status?.updatedReplicas ?? 0
  const ready = readyOf(deployment)
  const total = status?.replicas ?? 0
  if (updated === wanted && ready === wanted && total === wanted)
    return { phase: 'Ready', reason: 'AllReady', message: `${ready} of ${wanted} instances ready` }
  const why = problemOf(observed.pods)
  const message = [
    `${ready} of ${wanted} instances ready`,
    updated < wanted ? `, ${updated} updated` : '',
    total > updated ? `, ${total - updated} of before still there` : '',
    why === undefined ? '' : `; ${why.message}`,
  ].join('')
  if (deployment.spec.paused)
    return {
      phase: 'Updating',
      reason: 'Paused',
      message: `${message}; its Deployment is paused: 'kubectl rollout resume deployment ${service.metadata.name}' lets it go on`,
    }
  if (progressFailed(deployment)) return { phase: 'Failed', reason: 'NoProgress', message }
  // Instances that are not ready yet belong to the update; later they are a loss.
  const updating = updated < wanted || total > updated || !isRolledOut(deployment)
  return updating || ready >= wanted
    ? { phase: 'Updating', reason: 'Updating', message }
    : { phase: 'Degraded', reason: 'NotReady', message }
}

/** The first TCP port on 127.0.0.1 as a URL, when the load balancer has one; else the first UDP port. */
function urlOf(service: Service | undefined): string | undefined {
  const text = service?.metadata.annotations?.[annotations.hostPorts]
  if (text === undefined) return undefined
  const hostPorts = JSON.parse(text) as Record<string, number>
  const portOf = (wanted: 'TCP' | 'UDP') =>
    service?.spec.ports
      ?.filter(({ protocol = 'TCP' }) => protocol === wanted)
      .map(({ port }) => hostPorts[`${port}/${wanted}`])
      .find((candidate) => candidate !== undefined)
  const tcp = portOf('TCP')
  if (tcp !== undefined) return `http://127.0.0.1:${tcp}`
  const udp = portOf('UDP')
  return udp === undefined ? undefined : `udp://127.0.0.1:${udp}`
}

function readyCondition(service: ContainerService, seen: Verdict, nowMs: number): Condition {
  const status = seen.phase === 'Ready' ? 'True' : 'False'
  const before = service.status?.conditions?.find((condition) => condition.type === 'Ready')
  return {
    type: 'Ready',
    status,
    reason: seen.reason,
    message: seen.message,
    observedGeneration: service.metadata.generation ?? 0,
    lastTransitionTime:
      before?.status === status && before.lastTransitionTime
        ? before.lastTransitionTime
        : rfc3339(nowMs),
  }
}

export function serviceStatus(
  service: ContainerService,
  observed: Observed,
): ContainerServiceStatus {
  const seen = verdict(service, observed)
  const { deployment } = observed
  const known = deployment?.metadata.annotations
  const image = deployment?.spec.template.spec?.containers[0]?.image
  const imageSource = known?.[annotations.imageSource]
  const revision = known?.[annotations.revision]
  const address = observed.service?.status?.loadBalancer?.ingress?.[0]?.ip
  const url = urlOf(observed.service)
  const { name } = service.metadata
  return {
    phase: seen.phase,
    observedGeneration: service.metadata.generation ?? 0,
    observedRequests: requestsOf(service),
    replicas: deployment?.status?.replicas ?? 0,
    readyReplicas: deployment === undefined ? 0 : readyOf(deployment),
    updatedReplicas: deployment?.status?.updatedReplicas ?? 0,
    ...(image === undefined ? {} : { image }),
    ...(imageSource === undefined ? {} : { imageSource }),
    ...(revision === undefined ? {} : { revision: Number(revision) }),
    ...(url === undefined ? {} : { url }),
    ...(address === undefined
      ? {}
      : {
          address,
          hostname: serviceHostname(service.metadata.namespace!, name, service.spec.cluster),
        }),
    conditions: [readyCondition(service, seen, observed.nowMs)],
  }
}
