// What a simulated container says: that it is simulated, and now and then that it is still there. The
// same lines whenever they are asked for, from the container's start on.
import type { ContainerState } from '#kinds/k8s/core.ts'

export interface LoggedContainer {
  image: string
  /** The state that is asked about: the present one, or the one before. */
  state: ContainerState
}

export interface LogLine {
  atMs: number
  text: string
}

const INTERVAL_MS = 10_000

/** Lines up to `nowMs`; none of a container that has not started. */
export function simulatedLog({ image, state }: LoggedContainer, nowMs: number): LogLine[] {
  const { running, terminated } = state
  const startedAt = running?.startedAt ?? terminated?.startedAt
  if (startedAt === undefined) return []
  const startMs = Date.parse(startedAt)
  const endMs = terminated?.finishedAt === undefined ? nowMs : Date.parse(terminated.finishedAt)
  const lines: LogLine[] = [
    { atMs: startMs, text: `simulated: nothing of ${image} runs here, its life is made up` },
  ]
  for (let atMs = startMs + INTERVAL_MS; atMs <= endMs; atMs += INTERVAL_MS)
    lines.push({ atMs, text: `simulated: up for ${(atMs - startMs) / 1_000} s` })
  if (terminated !== undefined)
    lines.push({
      atMs: endMs,
      text: `simulated: ended with code ${terminated.exitCode} (${terminated.reason})`,
    })
  return lines
}

/** When the next line comes, of a container that runs. */
export const nextLineMs = (lines: readonly LogLine[], nowMs: number): number =>
  (lines.at(-1)?.atMs ?? nowMs) + INTERVAL_MS
