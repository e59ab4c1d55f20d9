// Tells users what happened to an object, as core/v1 Events. Saying so is never worth a failure: what
// cannot be written is dropped, and a part that repeats itself is slowed down.
import { type Clock, rfc3339, rfc3339Micro } from '#base/clock.ts'
import { isReason } from '#base/errors.ts'
import type { Logger } from '#base/log.ts'
import type { Random } from '#base/random.ts'
import type { Event, ObjectReference } from '#kinds/k8s/core.ts'
import type { KubeObject } from '#kinds/object.ts'
import { events } from '#kinds/refs.ts'
import type { Client } from './types.ts'

export interface EventRecorderOptions {
  client: Client
  clock: Clock
  random: Random
  log: Logger
  source: { component: string; host?: string }
}

export interface EventText {
  type: 'Normal' | 'Warning'
  reason: string
  message: string
  /** Part of the object, such as "spec.containers{main}". */
  fieldPath?: string
  /** What was done or tried, such as "Binding": events with it have the form of events.k8s.io. */
  action?: string
  /** Another object that has to do with it. */
  related?: KubeObject
}

export interface EventRecorder {
  event(object: KubeObject, text: EventText): void
  /** Resolves when all that was recorded so far is written or dropped. */
  flush(): Promise<void>
}

interface Recorded {
  object: KubeObject
  text: EventText
  atMs: number
}

interface Series {
  name: string
  count: number
}

const QUEUE_MAX = 1_000
const SERIES_MAX = 4_096
const MESSAGE_CHARS_MAX = 1_024
// Kubernetes' own limits (client-go's EventSourceObjectSpamFilter): a burst per object, then one in 5 min.
const BURST_PER_OBJECT = 25
const REFILL_MS = 300_000

/** A map that forgets what was set longest ago. */
function remember<V>(map: Map<string, V>, key: string, value: V): void {
  map.delete(key)
  map.set(key, value)
  if (map.size <= SERIES_MAX) return
  const [oldest] = map.keys()
  map.delete(oldest!)
}

export function createEventRecorder(options: EventRecorderOptions): EventRecorder {
  const waiting: Recorded[] = []
  const series = new Map<string, Series>()
  const buckets = new Map<string, { tokens: number; atMs: number }>()
  let writing: Promise<void> | undefined

  const isAllowed = (uid: string, nowMs: number): boolean => {
    const bucket = buckets.get(uid) ?? { tokens: BURST_PER_OBJECT, atMs: nowMs }
    const tokens = Math.min(BURST_PER_OBJECT, bucket.tokens + (nowMs - bucket.atMs) / REFILL_MS)
    remember(buckets, uid, { tokens: tokens >= 1 ? tokens - 1 : tokens, atMs: nowMs })
    return tokens >= 1
  }
  const writeAll = async () => {
    for (let next = waiting.shift(); next; next = waiting.shift()) {
      try {
        await write(options, series, next)
      } catch (error) {
        const { reason } = next.text
        options.log.debug('an event was dropped', { reason, of: next.object.metadata.name, error })
      }
    }
    writing = undefined
  }
  return {
    event(object, text) {
      const atMs = options.clock.now()
      if (waiting.length >= QUEUE_MAX || !isAllowed(object.metadata.uid ?? '', atMs)) return
      waiting.push({ object, text, atMs })
      writing ??= Promise.resolve().then(writeAll)
    },
    flush: async () => {
      await writing
    },
  }
}

const seriesKey = ({ object, text }: Recorded): string =>
  [object.metadata.uid, text.fieldPath, text.type, text.reason, text.message].join('\0')

/** Writes one event, as one more of its series when there is one. */
async function write(
  { client, random, source }: EventRecorderOptions,
  series: Map<string, Series>,
  recorded: Recorded,
): Promise<void> {
  const resource = client.resource(events)
  const key = seriesKey(recorded)
  const namespace = recorded.object.metadata.namespace ?? 'default'
  const known = series.get(key)
  if (known) {
    const count = known.count + 1
    const patch =
      recorded.text.action === undefined
        ? { count, lastTimestamp: rfc3339(recorded.atMs) }
        : { series: { count, lastObservedTime: rfc3339Micro(recorded.atMs) } }
    try {
      await resource.patch({ namespace, name: known.name }, patch)
      remember(series, key, { name: known.name, count })
      return
    } catch (error) {
      // Events live an hour: a series begins anew when its event has gone.
      if (!isReason(error, 'NotFound')) throw error
      series.delete(key)
    }
  }
  const name = `${recorded.object.metadata.name}.${stampOf(recorded, random)}`
  await resource.create(eventOf(recorded, { name, namespace }, source))
  remember(series, key, { name, count: 1 })
}

const NANOSECONDS = 1_000_000

/** Nanoseconds in hex, as in Kubernetes: a list of events, which is by name, tells them in their order. */
function stampOf({ atMs }: Recorded, random: Random): string {
  // Within the millisecond, where the clock says no more, chance keeps names apart.
  const part = Math.floor(random.next() * NANOSECONDS)
  return (BigInt(atMs) * BigInt(NANOSECONDS) + BigInt(part)).toString(16)
}

function referenceTo({ apiVersion, kind, metadata }: KubeObject): ObjectReference {
  const { namespace, name, uid, resourceVersion } = metadata
  return {
    apiVersion,
    kind,
    name,
    ...(namespace === undefined ? {} : { namespace }),
    ...(uid === undefined ? {} : { uid }),
    ...(resourceVersion === undefined ? {} : { resourceVersion }),
  }
}

/** How the two forms of events say when it happened and who saw it. */
function seenBy({ text, atMs }: Recorded, source: EventRecorderOptions['source']): Partial<Event> {
  const { component, host = '' } = source
  if (text.action !== undefined)
    return {
      eventTime: rfc3339Micro(atMs),
      action: text.action,
      ...(text.related === undefined ? {} : { related: referenceTo(text.related) }),
      reportingComponent: component,
      reportingInstance: host ? `${component}-${host}` : component,
    }
  const at = rfc3339(atMs)
  return {
    source,
    firstTimestamp: at,
    lastTimestamp: at,
    count: 1,
    reportingComponent: component,
    reportingInstance: host,
  }
}

function eventOf(
  recorded: Recorded,
  metadata: { name: string; namespace: string },
  source: EventRecorderOptions['source'],
): Event {
  const { object, text } = recorded
  return {
    apiVersion: 'v1',
    kind: 'Event',
    metadata,
    involvedObject: {
      ...referenceTo(object),
      ...(text.fieldPath === undefined ? {} : { fieldPath: text.fieldPath }),
    },
    type: text.type,
    reason: text.reason,
    message: text.message.slice(0, MESSAGE_CHARS_MAX),
    ...seenBy(recorded, source),
  }
}
