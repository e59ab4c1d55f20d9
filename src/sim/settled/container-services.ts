import { type ContainerService, containerServices } from '#kinds/ccs/container-service.ts'
import { isDeleting } from '#kinds/meta.ts'
import { keyOf } from '#kinds/object.ts'
import { deployments, services } from '#kinds/refs.ts'
import type { DurableState } from '../api/durable-state.ts'

const SERVICE_LABEL = 'ccs.dev/service'

interface Clusters {
  member: DurableState
  hub: DurableState
}

/** Each service of the hub is what it should be in its cluster and says so; of others nothing is left. */
export function unsettledContainerServices({ member, hub }: Clusters): string[] {
  const wished = hub.list(containerServices)
  const keys = new Set(wished.map(keyOf))
  const left = [...member.list(deployments), ...member.list(services)]
    .filter(({ metadata }) => metadata.labels?.[SERVICE_LABEL] !== undefined)
    .filter((object) => !keys.has(keyOf(object)))
    .map((object) => `${object.kind} ${keyOf(object)} is left of a service that is gone`)
  return [
    ...left,
    ...wished.flatMap((service) =>
      problemsOf(member, service).map((problem) => `service ${keyOf(service)} ${problem}`),
    ),
  ]
}

function problemsOf(member: DurableState, service: ContainerService): string[] {
  if (isDeleting(service)) return ['is still being deleted']
  const { spec, status, metadata } = service
  const problems: string[] = []
  const running = member.get(deployments, keyOf(service))?.spec
  if (running?.replicas !== spec.replicas) problems.push(`has not ${spec.replicas} replicas`)
  if (!running?.template.spec?.containers[0]?.image?.includes(spec.image))
    problems.push(`does not run ${spec.image}`)
  const hasBalancer = member.get(services, keyOf(service)) !== undefined
  if (hasBalancer !== (spec.access !== 'None'))
    problems.push(hasBalancer ? 'still has an address' : 'has no address')
  if (status?.observedGeneration !== metadata.generation)
    problems.push('has a newest generation that was not observed')
  if (status?.readyReplicas !== spec.replicas || status?.updatedReplicas !== spec.replicas)
    problems.push(`says ${status?.readyReplicas} ready and ${status?.updatedReplicas} updated`)
  if (status?.phase !== 'Ready' && spec.replicas !== 0) problems.push(`is ${status?.phase}`)
  return problems
}
