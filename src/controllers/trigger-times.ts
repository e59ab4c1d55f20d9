// When the change happened that a write of endpoints brings, for the annotation by which clients
// measure how long that took. Not needed to be right: lost at a restart, as in Kubernetes.
import type { Pod, Service } from '#kinds/k8s/core.ts'
import { conditionOf } from '#kinds/meta.ts'
import { keyOf } from '#kinds/object.ts'

/** RFC 3339 in UTC without fractions sorts as time does. */
const earlier = (a: string | undefined, b: string) => (a === undefined || b < a ? b : a)

export class TriggerTimes {
  /** By Service, then by pod: when its readiness last changed, as of the last call. */
  readonly #seen = new Map<string, Map<string, string>>()

  /** Time of the first change since the last call; undefined when that is not known. */
  of(service: Service, pods: readonly Pod[]): string | undefined {
    const key = keyOf(service)
    const before = this.#seen.get(key)
    const now = new Map<string, string>()
    let first: string | undefined
    for (const pod of pods) {
      const time = conditionOf(pod.status?.conditions, 'Ready')?.lastTransitionTime
      if (!time) continue
      now.set(pod.metadata.name, time)
      const last = before?.get(pod.metadata.name)
      if (last === undefined || time > last) first = earlier(first, time)
    }
    this.#seen.set(key, now)
    return before === undefined ? service.metadata.creationTimestamp : first
  }

  forget(serviceKey: string): void {
    this.#seen.delete(serviceKey)
  }
}
