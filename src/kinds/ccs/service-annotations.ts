// Annotations of a ContainerService: wishes that are no state of it, and who wished.
import type { ContainerService } from './container-service.ts'

export const serviceAnnotations = {
  /** Changes when the user asks for the image to be looked up again. */
  imageRequestedAt: 'ccs.dev/image-requested-at',
  /** Changes when the user asks for all instances to be replaced. */
  restartedAt: 'ccs.dev/restarted-at',
  /** Who changed the spec last; written by the hub itself. */
  changedBy: 'ccs.dev/changed-by',
  /** Why, in the user's words; Kubernetes' own annotation. */
  changeCause: 'kubernetes.io/change-cause',
} as const

/** Changes when the image has to be looked up again: another name, or the user's wish. */
export function imageSourceOf(service: ContainerService): string {
  const asked = service.metadata.annotations?.[serviceAnnotations.imageRequestedAt]
  return asked === undefined ? service.spec.image : `${service.spec.image} ${asked}`
}

export const restartedAtOf = ({ metadata }: ContainerService): string | undefined =>
  metadata.annotations?.[serviceAnnotations.restartedAt]

/** The wishes that are annotations, as the status repeats them once it speaks of them. */
export function requestsOf(service: ContainerService): string {
  const { annotations = {} } = service.metadata
  const { imageRequestedAt, restartedAt } = serviceAnnotations
  return [imageRequestedAt, restartedAt]
    .flatMap((name) => (annotations[name] === undefined ? [] : [`${name}=${annotations[name]}`]))
    .join(' ')
}

/** Whether the status speaks of all that the user has wished for by now. */
export function isObserved(service: ContainerService): boolean {
  const { status, metadata } = service
  return (
    (status?.observedGeneration ?? 0) >= (metadata.generation ?? 0) &&
    (status?.observedRequests ?? '') === requestsOf(service)
  )
}
