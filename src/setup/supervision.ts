// When a process that died is started again. Pure: the loop around it is supervise.ts.

/** Half a second after the first death, doubling; a process that keeps dying is tried once a minute. */
export const RESTART_BACKOFF = { firstMs: 500, maxMs: 60_000 } as const
/** A process that lived for this long has put its deaths behind it. */
const STABLE_MS = 60_000

export interface Watched {
  /** Deaths in a row, each before it was stable. */
  deaths: number
  /** When it was first seen alive; undefined while it is dead. */
  aliveSinceMs: number | undefined
  /** When it may be started. */
  startAtMs: number
}

/** Of a process that nothing is known of: it may be started at once. */
export const UNSEEN: Watched = { deaths: 0, aliveSinceMs: undefined, startAtMs: 0 }

export interface Judgement {
  watched: Watched
  action: 'none' | 'start'
  /** Set when the process was alive at the last look and is dead now. */
  died?: { restartInMs: number }
}

/** What to do about a process that is alive or dead at `nowMs`. A clock that was set back delays nothing for long. */
export function judge(watched: Watched, isAlive: boolean, nowMs: number): Judgement {
  if (isAlive) {
    const aliveSinceMs = Math.min(watched.aliveSinceMs ?? nowMs, nowMs)
    const deaths = nowMs - aliveSinceMs >= STABLE_MS ? 0 : watched.deaths
    return { watched: { ...watched, aliveSinceMs, deaths }, action: 'none' }
  }
  if (watched.aliveSinceMs !== undefined) {
    const { firstMs, maxMs } = RESTART_BACKOFF
    const restartInMs = Math.min(maxMs, firstMs * 2 ** watched.deaths)
    return {
      watched: {
        deaths: watched.deaths + 1,
        aliveSinceMs: undefined,
        startAtMs: nowMs + restartInMs,
      },
      action: 'none',
      died: { restartInMs },
    }
  }
  const startAtMs = Math.min(watched.startAtMs, nowMs + RESTART_BACKOFF.maxMs)
  return { watched: { ...watched, startAtMs }, action: nowMs >= startAtMs ? 'start' : 'none' }
}

/** After a start: should it be dead at the next look, that was a death. */
export const started = (watched: Watched, nowMs: number): Watched => ({
  ...watched,
  aliveSinceMs: nowMs,
})
