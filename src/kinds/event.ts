import type { Event } from './k8s/core.ts'
import type { Event as EventsEvent } from './k8s/events.ts'
import type { FieldError, ServedForm } from './definition.ts'
import type { KubeObject } from './object.ts'
import { ageOf } from './age.ts'
import { column, nameColumn, wideColumn } from './columns.ts'
import { defineKind } from './define-kind.ts'
import { events } from './refs.ts'
import { forbidden, invalid } from './validate/field-error.ts'

export type { Event } from './k8s/core.ts'

const SCHEMA = 'io.k8s.api.core.v1.Event'

/** Names of a field in core/v1 and in events.k8s.io/v1; all others are the same in both. */
const RENAMED: readonly (readonly [keyof Event, keyof EventsEvent])[] = [
  ['involvedObject', 'regarding'],
  ['message', 'note'],
  ['reportingComponent', 'reportingController'],
  ['source', 'deprecatedSource'],
  ['firstTimestamp', 'deprecatedFirstTimestamp'],
  ['lastTimestamp', 'deprecatedLastTimestamp'],
  ['count', 'deprecatedCount'],
]

type Fields = Record<string, unknown>

function renamed(object: KubeObject, names: ReadonlyMap<string, string>, apiVersion: string) {
  const result: Fields = {}
  for (const [key, value] of Object.entries(object)) result[names.get(key) ?? key] = value
  result['apiVersion'] = apiVersion
  return result
}

const toEvents = new Map<string, string>(RENAMED)
const toCore = new Map<string, string>(RENAMED.map(([core, other]) => [other, core]))

/** The same events as events.k8s.io/v1 names their fields. */
const eventsForm: ServedForm<Event> = {
  ref: { ...events, group: 'events.k8s.io' },
  schema: 'io.k8s.api.events.v1.Event',
  fromStored: (event) => renamed(event, toEvents, 'events.k8s.io/v1') as unknown as KubeObject,
  toStored: (event) => renamed(event, toCore, 'v1') as unknown as Event,
}

const firstSeen = (event: Event): string | undefined =>
  event.firstTimestamp || event.eventTime || undefined

const lastSeen = (event: Event): string | undefined =>
  event.series?.lastObservedTime || event.lastTimestamp || firstSeen(event)

const sourceCell = ({ source, reportingComponent, reportingInstance }: Event): string => {
  const [component, host] = source?.component
    ? [source.component, source.host]
    : [reportingComponent ?? '', reportingInstance]
  return host ? `${component}, ${host}` : component
}

/** Events about objects without a namespace are kept in this one. */
const CLUSTER_NAMESPACES = new Set(['', 'default', 'kube-system'])

function validate(event: Event): FieldError[] {
  const { namespace } = event.metadata
  const about = event.involvedObject?.namespace ?? ''
  const errors: FieldError[] = []
  if (about === '' ? !CLUSTER_NAMESPACES.has(namespace ?? '') : about !== namespace)
    errors.push(invalid('involvedObject.namespace', about, 'does not match event.namespace'))
  if (event.series?.count !== undefined && event.series.count < 2)
    errors.push(forbidden('series.count', 'a series has at least two events'))
  return errors
}

const about = (key: keyof Event['involvedObject']) => (event: Event) =>
  event.involvedObject?.[key] ?? ''

export const eventKind = defineKind<Event>({
  ref: events,
  schema: SCHEMA,
  shortNames: ['ev'],
  defaults(event) {
    event.involvedObject ??= {}
    event.source ??= {}
    event.reportingComponent ??= ''
    event.reportingInstance ??= ''
    // Kubernetes shows these times always: null when there is none.
    const times = event as {
      firstTimestamp?: unknown
      lastTimestamp?: unknown
      eventTime?: unknown
    }
    times.firstTimestamp ??= null
    times.lastTimestamp ??= null
    times.eventTime ??= null
  },
  validate,
  alsoServedAs: [eventsForm],
  columns: [
    column('Last Seen', 'When it last happened.', (event, now) => ageOf(lastSeen(event), now)),
    column('Type', 'Normal or Warning.', ({ type }) => type ?? ''),
    column('Reason', 'Why, in a word.', ({ reason }) => reason ?? ''),
    column(
      'Object',
      'What it happened to.',
      ({ involvedObject: { kind = '', name = '' } }) => `${kind.toLowerCase()}/${name}`,
    ),
    wideColumn(
      'Subobject',
      'Which part of that.',
      ({ involvedObject }) => involvedObject.fieldPath ?? '',
    ),
    wideColumn('Source', 'Who reported it.', sourceCell),
    column('Message', 'What happened.', ({ message }) => (message ?? '').trim()),
    wideColumn('First Seen', 'When it first happened.', (event, now) =>
      ageOf(firstSeen(event), now),
    ),
    wideColumn('Count', 'How often.', ({ series, count }) => String(series?.count || count || 1)),
    { ...nameColumn, priority: 1 },
  ],
  fields: {
    'involvedObject.kind': about('kind'),
    'involvedObject.namespace': about('namespace'),
    'involvedObject.name': about('name'),
    'involvedObject.uid': about('uid'),
    'involvedObject.apiVersion': about('apiVersion'),
    'involvedObject.resourceVersion': about('resourceVersion'),
    'involvedObject.fieldPath': about('fieldPath'),
    reason: ({ reason }) => reason ?? '',
    reportingComponent: ({ reportingComponent, source }) =>
      reportingComponent || source?.component || '',
    source: ({ source, reportingComponent }) => source?.component || reportingComponent || '',
    type: ({ type }) => type ?? '',
  },
})
