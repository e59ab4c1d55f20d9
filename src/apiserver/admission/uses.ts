// Which key uses which value (an address, a port), with values set aside for writes under way.

export interface Uses {
  /** What `key` uses from now on, as stored. */
  set(key: string, values: readonly string[]): void
  /** Whether nobody but `key` uses the value or has it set aside. */
  isFree(value: string, key: string): boolean
  /** Sets the value aside until `key` is stored with or without it, or the undo is called. */
  reserve(value: string, key: string): () => void
}

export function createUses(): Uses {
  const stored = new Map<string, string>()
  const valuesOf = new Map<string, readonly string[]>()
  const reserved = new Map<string, string>()

  return {
    set(key, values) {
      for (const value of valuesOf.get(key) ?? [])
        if (stored.get(value) === key) stored.delete(value)
      for (const [value, holder] of reserved) if (holder === key) reserved.delete(value)
      for (const value of values) stored.set(value, key)
      if (values.length === 0) valuesOf.delete(key)
      else valuesOf.set(key, values)
    },
    isFree: (value, key) =>
      (stored.get(value) ?? key) === key && (reserved.get(value) ?? key) === key,
    reserve(value, key) {
      if (stored.get(value) === key || reserved.get(value) === key) return () => undefined
      reserved.set(value, key)
      return () => void (reserved.get(value) === key && reserved.delete(value))
    },
  }
}
