import type { Clock } from '#base/clock.ts'

export interface BoundedCacheOptions {
  clock: Clock
  ttlMs: number
  entriesMax: number
}

/** Remembers what `make` gave for a key, for a while and for a bounded number of keys. */
export function boundedCache<T>({ clock, ttlMs, entriesMax }: BoundedCacheOptions) {
  const entries = new Map<string, { value: T; until: number }>()
  return (key: string, make: () => T): T => {
    const now = clock.now()
    const entry = entries.get(key)
    if (entry !== undefined && now < entry.until) return entry.value
    entries.delete(key)
    const value = make()
    entries.set(key, { value, until: now + ttlMs })
    if (entries.size > entriesMax) entries.delete(entries.keys().next().value!)
    return value
  }
}
