// Which of two pods is worth more when one must make room.
import type { PlacedPod } from './node-state.ts'

/** When it began to run; one that has not begun yet is the youngest. */
export function startedAtMs({ pod }: PlacedPod): number {
  const { startTime } = pod.status ?? {}
  return startTime === undefined ? Infinity : Date.parse(startTime)
}

/** Orders the most important first: by priority, then what has run for longer, then by name. */
export function byImportance(a: PlacedPod, b: PlacedPod): number {
  if (a.priority !== b.priority) return b.priority - a.priority
  const [aMs, bMs] = [startedAtMs(a), startedAtMs(b)]
  if (aMs !== bMs) return aMs - bMs
  return a.key < b.key ? -1 : a.key > b.key ? 1 : 0
}
