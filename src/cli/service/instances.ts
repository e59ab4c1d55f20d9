// The instances of a service as its cluster knows them.
import { didYouMean } from '#base/closest-word.ts'
import type { Client } from '#client/types.ts'
import { podProblem } from '#kinds/ccs/pod-problem.ts'
import type { Node, Pod } from '#kinds/k8s/core.ts'
import { conditionOf } from '#kinds/meta.ts'
import { nodes, pods } from '#kinds/refs.ts'
import { EXIT, Failure } from '../failure.ts'
import { renderAge, type TableColumn } from '../output.ts'
import type { ServicePlace } from './find-service.ts'

/** Label of the platform on all that a service becomes. */
const SERVICE_LABEL = 'ccs.dev/service'
const ZONE_LABEL = 'topology.kubernetes.io/zone'

export const labelSelectorOf = ({ name }: ServicePlace) => `${SERVICE_LABEL}=${name}`

/** By name. */
export async function podsOf(cluster: Client, place: ServicePlace): Promise<Pod[]> {
  const { items } = await cluster
    .resource(pods)
    .list({ namespace: place.namespace, labelSelector: labelSelectorOf(place) })
  return items.toSorted((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1))
}

/** By its name, or by the end of it that tells it from the others. */
export function selectInstance(all: readonly Pod[], wanted: string, service: string): Pod {
  const names = all.map(({ metadata }) => metadata.name)
  const found = all.filter(
    ({ metadata: { name } }) => name === wanted || name.endsWith(`-${wanted}`),
  )
  if (found.length === 1) return found[0]!
  const listed = names.length === 0 ? 'It has none' : `There are: ${names.join(', ')}`
  throw new Failure(
    found.length > 1
      ? `"${wanted}" is the end of ${found.length} instances' names. ${listed}`
      : `service "${service}" has no instance "${wanted}".${didYouMean(wanted, names)} ${listed}`,
    EXIT.notFound,
  )
}

export interface InstanceRow {
  name: string
  status: string
  ready: boolean
  restarts: number
  machine: string | undefined
  zone: string | undefined
  address: string | undefined
  createdAt: string | undefined
  problem: string | undefined
}

const isReady = (pod: Pod) => conditionOf(pod.status?.conditions, 'Ready')?.status === 'True'

function statusOf(pod: Pod): string {
  if (pod.metadata.deletionTimestamp !== undefined) return 'Ending'
  const problem = podProblem(pod)
  if (problem !== undefined) return problem.reason
  if (isReady(pod)) return 'Ready'
  return pod.status?.phase === 'Running' ? 'NotReady' : (pod.status?.phase ?? 'Pending')
}

/** What people want to know of each instance. */
export async function instanceRows(cluster: Client, place: ServicePlace): Promise<InstanceRow[]> {
  const [all, machines] = await Promise.all([
    podsOf(cluster, place),
    cluster.resource(nodes).list(),
  ])
  const zoneOf = new Map(
    machines.items.map(({ metadata }: Node) => [metadata.name, metadata.labels?.[ZONE_LABEL]]),
  )
  return all.map((pod) => ({
    name: pod.metadata.name,
    status: statusOf(pod),
    ready: isReady(pod),
    restarts: (pod.status?.containerStatuses ?? []).reduce((sum, one) => sum + one.restartCount, 0),
    machine: pod.spec.nodeName,
    zone: pod.spec.nodeName === undefined ? undefined : zoneOf.get(pod.spec.nodeName),
    address: pod.status?.podIP,
    createdAt: pod.metadata.creationTimestamp,
    problem: podProblem(pod)?.message,
  }))
}

export const instanceColumns = (nowMs: number): TableColumn<InstanceRow>[] => [
  { title: 'INSTANCE', value: (row) => row.name },
  { title: 'STATUS', value: (row) => row.status },
  { title: 'RESTARTS', value: (row) => row.restarts },
  { title: 'MACHINE', value: (row) => row.machine ?? '<none>' },
  { title: 'ZONE', value: (row) => row.zone ?? '<none>' },
  { title: 'ADDRESS', value: (row) => row.address ?? '<none>' },
  { title: 'AGE', value: (row) => renderAge(row.createdAt, nowMs) },
]
