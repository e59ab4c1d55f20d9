// How services are shown.
import type { ContainerService } from '#kinds/ccs/container-service.ts'
import { shortImage } from '#kinds/ccs/image-name.ts'
import { renderAge, type TableColumn } from '../output.ts'

export function serviceColumns(nowMs: number): TableColumn<ContainerService>[] {
  return [
    { title: 'NAME', value: (s) => s.metadata.name },
    { title: 'STATUS', value: (s) => s.status?.phase ?? 'Pending' },
    { title: 'READY', value: (s) => `${s.status?.readyReplicas ?? 0}/${s.spec.replicas ?? 1}` },
    { title: 'IMAGE', value: (s) => shortImage(s.spec.image) },
    { title: 'CLUSTER', value: (s) => s.spec.cluster },
    { title: 'URL', value: (s) => s.status?.url ?? '<none>' },
    { title: 'AGE', value: (s) => renderAge(s.metadata.creationTimestamp, nowMs) },
  ]
}

/** Why a service is as it is, in one line. */
export const explanationOf = (service: ContainerService) =>
  service.status?.conditions?.find((condition) => condition.type === 'Ready')?.message
