import { type KubeObject, keyOf } from '#kinds/object.ts'
import type { DurableState } from '../api/durable-state.ts'
import type { Process } from '../processes.ts'

/** What a process believes and what is not so, once everything has come to rest. */
export function staleCaches(
  processes: readonly Process[],
  states: { member: DurableState; hub: DurableState },
): string[] {
  return processes.flatMap(({ name, caches }) =>
    caches.flatMap(({ cluster, kind, informer }) => {
      if (kind.kind === 'Event' || kind.kind === 'Lease') return []
      const version = ({ metadata }: KubeObject) => metadata.resourceVersion
      const there = new Map(states[cluster].list(kind).map((each) => [keyOf(each), version(each)]))
      const known = new Map(informer.list().map((each) => [keyOf(each), version(each)]))
      const wrong = [...new Set([...there.keys(), ...known.keys()])].filter(
        (key) => there.get(key) !== known.get(key),
      )
      return wrong.map(
        (key) =>
          `${name} knows ${kind.kind} ${key} @${known.get(key) ?? 'none'}, ` +
          `and there is @${there.get(key) ?? 'none'}`,
      )
    }),
  )
}
