export const limits = {
  /** Bindings under way at once. */
  bindingsMax: 16,
  /** Pods tried in one turn of the event loop, so that others get theirs. */
  attemptsPerTurn: 16,
  /** Pause before a pod that found no place, or whose binding failed, is tried again. */
  attemptBackoff: { firstMs: 1_000, maxMs: 10_000, jitter: 0 },
  /** A parked pod is tried again after this long even if nothing we know of has changed. */
  parkedMaxMs: 300_000,
  /** Pods waiting for a place. */
  pendingPodsMax: 150_000,
  /** Pause between tries to learn whether a failed binding took effect. */
  rereadBackoff: { firstMs: 100, maxMs: 5_000, jitter: 0.2 },
} as const
