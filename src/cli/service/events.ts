// `ccs service events`: what happened to a service, in the hub and in its cluster, oldest first.
import type { Client } from '#client/types.ts'
import type { Event } from '#kinds/k8s/core.ts'
import { events, replicaSets } from '#kinds/refs.ts'
import { type CommandContext, show } from '../context.ts'
import { renderAge } from '../output.ts'
import { findService, type ServiceOptions, type ServicePlace } from './find-service.ts'
import { labelSelectorOf, podsOf } from './instances.ts'

export interface EventsOptions extends ServiceOptions {
  tail: number
  warnings?: boolean
}

/** Kinds that have the service's own name, and those it leads to: in this order one brings about the next. */
const NAMED_ALIKE = ['ContainerService', 'Deployment', 'Service', 'PodDisruptionBudget']
const ORDER = [...NAMED_ALIKE, 'ReplicaSet', 'Pod']

async function namesIn(cluster: Client, place: ServicePlace): Promise<string[]> {
  const scope = { namespace: place.namespace, labelSelector: labelSelectorOf(place) }
  const sets = await cluster.resource(replicaSets).list(scope)
  const instances = await podsOf(cluster, place)
  return [...sets.items, ...instances].map(({ metadata }) => metadata.name)
}

/** Pods that are gone are known by the ReplicaSet their names begin with. */
function isOf(event: Event, { name }: ServicePlace, names: readonly string[]): boolean {
  const { kind = '', name: object = '' } = event.involvedObject
  if (NAMED_ALIKE.includes(kind)) return object === name
  if (kind !== 'ReplicaSet' && kind !== 'Pod') return false
  return names.some((known) => object === known || object.startsWith(`${known}-`))
}

const timeOf = (event: Event): string =>
  event.lastTimestamp ?? event.eventTime ?? event.metadata.creationTimestamp ?? ''

/** By time, which is written in whole seconds only; within one by what brings about what. */
function inOrder(a: Event, b: Event): number {
  const rank = ({ involvedObject: { kind = '' } }: Event) => ORDER.indexOf(kind)
  return Date.parse(timeOf(a)) - Date.parse(timeOf(b)) || rank(a) - rank(b)
}

const countOf = ({ count, series }: Event): number => series?.count ?? count ?? 1

export async function showEvents(
  context: CommandContext,
  name: string,
  options: EventsOptions,
): Promise<void> {
  const { client, place, cluster } = await findService(name, options)
  const { namespace } = place
  const member = await cluster()
  const [ofHub, ofCluster, names] = await Promise.all([
    client.resource(events).list({ namespace }),
    member.resource(events).list({ namespace }),
    namesIn(member, place),
  ])
  const rows = [...ofHub.items, ...ofCluster.items]
    .filter((event) => isOf(event, place, names))
    .filter(({ type }) => !options.warnings || type === 'Warning')
    .toSorted(inOrder)
    .slice(-options.tail)
  const now = context.clock.now()
  show(context, options, {
    columns: [
      { title: 'AGE', value: (event: Event) => renderAge(timeOf(event), now) },
      { title: 'TYPE', value: ({ type }) => type },
      { title: 'REASON', value: ({ reason }) => reason },
      {
        title: 'OBJECT',
        value: ({ involvedObject: { kind, name: object } }) => `${kind?.toLowerCase()}/${object}`,
      },
      { title: 'COUNT', value: countOf },
      { title: 'MESSAGE', value: ({ message }) => message?.replaceAll('\n', ' ') },
    ],
    rows,
    value: rows,
    empty: `Nothing happened to service "${name}" in the last hour, for which events are kept. 'ccs service get ${name}' shows how it is.`,
  })
}
