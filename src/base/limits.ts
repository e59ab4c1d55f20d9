// Every bound of the product that is not a domain rule of one part, by name. Parts with limits of
// their own keep them in a `limits` table in the same style.

export const limits = {
  /** Largest request body of the API server: Kubernetes' own limit (3 MiB). */
  requestBodyBytesMax: 3 * 1024 * 1024,
  /** Events a watcher may lag behind before it is closed (it then lists again). */
  watchQueueEventsMax: 2_000,
  /** Objects in one page when a client walks a list. */
  listPageItems: 500,
  /** Keys waiting in one controller's queue. */
  workQueueKeysMax: 100_000,
  /** Retry delays of a controller for one key. */
  reconcileBackoff: { firstMs: 50, maxMs: 60_000, jitter: 0.2 },
  /** Retry delays of an informer whose list or watch failed. */
  informerBackoff: { firstMs: 200, maxMs: 10_000, jitter: 0.5 },
  /** Tries of a read-modify-write against conflicts. */
  conflictRetriesMax: 10,
} as const
