// Runs many likely equal tasks in growing batches: when the first fails, hundreds more need not.

export interface SlowStartResult {
  /** How many tasks were begun. */
  begun: number
  /** The first failure; no batch is begun after it. */
  error: Error | undefined
}

export async function slowStart(
  count: number,
  task: (index: number) => Promise<void>,
): Promise<SlowStartResult> {
  let begun = 0
  for (let size = 1; begun < count; size *= 2) {
    const batch = Math.min(size, count - begun)
    const first = begun
    begun += batch
    const results = await Promise.allSettled(
      Array.from({ length: batch }, (_, i) => task(first + i)),
    )
    const failed = results.find((result) => result.status === 'rejected')
    if (failed) return { begun, error: failed.reason as Error }
  }
  return { begun, error: undefined }
}
