import type { JobSpec } from '../k8s/batch.ts'

const COMPLETIONS_MAX = 100_000
const PARALLELISM_MAX = 10_000

/** WarningsForJobSpec of k8s.io/kubernetes pkg/api/job. */
export function jobSpecWarnings(spec: JobSpec, field: string): string[] {
  const { completionMode, completions = 0, parallelism = 0 } = spec
  const isLarge = completions > COMPLETIONS_MAX && parallelism > PARALLELISM_MAX
  return completionMode === 'Indexed' && isLarge
    ? [
        `${field}: In Indexed Jobs with a number of completions higher than 10^5 and a parallelism higher than 10^4, Kubernetes might not be able to track completedIndexes when a big number of indexes fail`,
      ]
    : []
}
