// Events about pods and the node, as the kubelet words them. Repetitions are counted on one object.
import { type Clock, rfc3339 } from '#base/clock.ts'
import { isReason } from '#base/errors.ts'
import type { Logger } from '#base/log.ts'
import type { Client } from '#client/types.ts'
import type { Event, ObjectReference } from '#kinds/k8s/core.ts'
import { events as eventsRef } from '#kinds/refs.ts'
import { nodeLimits } from '../limits.ts'

export interface NodeEvent {
  type: 'Normal' | 'Warning'
  reason: string
  message: string
  about: ObjectReference
}

export interface EventRecorder {
  record(event: NodeEvent): void
  /** Resolves when all that was recorded is written or given up. */
  flushed(): Promise<void>
}

interface TimedEvent extends NodeEvent {
  /** When it happened, which may be a while before it is written. */
  atMs: number
}

interface Remembered {
  name: string
  count: number
}

const MESSAGE_CHARACTERS_MAX = 1_024
const keyOfEvent = ({ type, reason, message, about }: NodeEvent): string =>
  JSON.stringify([about.uid, about.fieldPath, type, reason, message])

export interface RecorderOptions {
  client: Client
  nodeName: string
  clock: Clock
  log: Logger
}

export function eventRecorder({ client, nodeName, clock, log }: RecorderOptions): EventRecorder {
  const remembered = new Map<string, Remembered>()
  const resource = client.resource(eventsRef)
  let tail: Promise<void> = Promise.resolve()
  let queued = 0
  let sequence = 0

  const create = async (event: TimedEvent, namespace: string, name: string) => {
    const time = rfc3339(event.atMs)
    const object: Event = {
      apiVersion: 'v1',
      kind: 'Event',
      metadata: { name, namespace },
      involvedObject: event.about,
      type: event.type,
      reason: event.reason,
      message: event.message.slice(0, MESSAGE_CHARACTERS_MAX),
      source: { component: 'kubelet', host: nodeName },
      reportingComponent: 'kubelet',
      reportingInstance: nodeName,
      firstTimestamp: time,
      lastTimestamp: time,
      count: 1,
    }
    await resource.create(object)
  }

  const write = async (event: TimedEvent): Promise<void> => {
    const key = keyOfEvent(event)
    const namespace = event.about.namespace || 'default'
    const known = remembered.get(key)
    if (known !== undefined) {
      known.count += 1
      const patch = { count: known.count, lastTimestamp: rfc3339(event.atMs) }
      try {
        await resource.patch({ namespace, name: known.name }, patch, {
          type: 'application/merge-patch+json',
        })
        return
      } catch (error) {
        // Events live for an hour: a repetition after that is a new one.
        if (!isReason(error, 'NotFound')) throw error
      }
    }
    const stamp = (BigInt(event.atMs) * 1_000_000n + BigInt(sequence++ % 1_000_000)).toString(16)
    const name = `${event.about.name}.${stamp}`
    if (remembered.size >= nodeLimits.eventsRememberedMax) {
      const [oldest] = remembered.keys()
      if (oldest !== undefined) remembered.delete(oldest)
    }
    remembered.set(key, { name, count: 1 })
    await create(event, namespace, name)
  }

  return {
    record(event) {
      if (queued >= nodeLimits.eventsQueuedMax) {
        log.warn('too many events wait, one is dropped', { reason: event.reason })
        return
      }
      queued += 1
      const timed = { ...event, atMs: clock.now() }
      tail = tail
        .then(() => write(timed))
        .catch((error: unknown) => {
          // A namespace that is being deleted takes no more events; that is no trouble.
          log.debug('an event could not be written', { reason: event.reason, error })
        })
        .finally(() => {
          queued -= 1
        })
    },
    flushed: () => tail,
  }
}
