// Pure: what to say of a ContainerService, from what it became in its cluster.
import type { ContainerService, ContainerServiceStatus } from '#kinds/ccs/container-service.ts'
import type { Deployment } from '#kinds/k8s/apps.ts'
import type { Pod, Service } from '#kinds/k8s/core.ts'
import type { Condition } from '#kinds/k8s/meta.ts'
import { rfc3339 } from '#base/clock.ts'
import { annotations, serviceHostname } from './names.ts'

export interface Observed {
  deployment: Deployment | undefined
  service: Service | undefined
  /** The service's pods, for the reason why one is not ready. */
  pods: Pod[]
  /** What stopped the last reconcile, such as an image that is not there. */
  problem: { reason: string; message: string } | undefined
  nowMs: number
}

/** Why a pod is not ready, in a few words, or undefined when nothing is known to be wrong. */
function podProblem(pod: Pod): string | undefined {
  const unscheduled = pod.status?.conditions?.find(
    (condition) => condition.type === 'PodScheduled' && condition.status === 'False',
  )
  if (unscheduled?.message) return `cannot be placed: ${unscheduled.message}`
  for (const container of pod.status?.containerStatuses ?? []) {
    const waiting = container.state?.waiting
    if (waiting?.reason && waiting.reason !== 'ContainerCreating')
      return waiting.message ? `${waiting.reason}: ${waiting.message}` : waiting.reason
    const terminated = container.state?.terminated
    if (terminated) return `exited with code ${terminated.exitCode}`
  }
  return undefined
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

interface Verdict {
  phase: ContainerServiceStatus['phase']
  reason: string
  message: string
}

function verdict(service: ContainerService, observed: Observed): Verdict {
  const { deployment, problem } = observed
  if (problem) return { phase: 'Failed', ...problem }
  const wanted = service.spec.replicas ?? 1
  const status = deployment?.status
  if (!deployment || status?.observedGeneration !== deployment.metadata.generation)
    return { phase: 'Pending', reason: 'Pending', message: 'waiting for the cluster' }
  const updated = status?.updatedReplicas ?? 0
  const ready = status?.readyReplicas ?? 0
  const total = status?.replicas ?? 0
  if (updated === wanted && ready === wanted && total === wanted)
    return { phase: 'Ready', reason: 'AllReady', message: `${ready} of ${wanted} instances ready` }
  const why = observed.pods.map(podProblem).find((text) => text !== undefined)
  const message = `${ready} of ${wanted} instances ready${why === undefined ? '' : `; ${why}`}`
  if (progressFailed(deployment)) return { phase: 'Failed', reason: 'NoProgress', message }
  // Instances that are not ready yet belong to the update; later they are a loss.
  const updating = updated < wanted || total > updated || !isRolledOut(deployment)
  return updating
    ? { phase: 'Updating', reason: 'Updating', message }
    : { phase: 'Degraded', reason: 'NotReady', message }
}

/** The first port on 127.0.0.1 as a URL, when the load balancer has one. */
function urlOf(service: Service | undefined): string | undefined {
  const text = service?.metadata.annotations?.[annotations.hostPorts]
  if (text === undefined) return undefined
  const hostPorts = JSON.parse(text) as Record<string, number>
  const first = service?.spec.ports?.map((port) => hostPorts[`${port.port}/${port.protocol}`])
  const port = first?.find((candidate) => candidate !== undefined)
  return port === undefined ? undefined : `http://127.0.0.1:${port}`
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
  const image = deployment?.spec.template.spec?.containers[0]?.image
  const imageSource = deployment?.metadata.annotations?.[annotations.imageSource]
  const address = observed.service?.status?.loadBalancer?.ingress?.[0]?.ip
  const url = urlOf(observed.service)
  const { name } = service.metadata
  return {
    phase: seen.phase,
    observedGeneration: service.metadata.generation ?? 0,
    replicas: deployment?.status?.replicas ?? 0,
    readyReplicas: deployment?.status?.readyReplicas ?? 0,
    updatedReplicas: deployment?.status?.updatedReplicas ?? 0,
    ...(image === undefined ? {} : { image }),
    ...(imageSource === undefined ? {} : { imageSource }),
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
