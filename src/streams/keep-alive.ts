import type { Clock, Timer } from '#base/clock.ts'
import { streamLimits } from './limits.ts'

export interface KeepAlive {
  /** Something came from the peer. */
  heard(): void
  /** We do not read for a while: silence is our own doing. */
  pause(): void
  resume(): void
  stop(): void
}

/** Pings a peer while it is silent, and tells when it must be taken for dead. */
export function keepAlive(options: {
  clock: Clock
  ping: () => void
  dead: (error: Error) => void
}): KeepAlive {
  const { clock, ping, dead } = options
  let heardAtMs = clock.now()
  let isPaused = false
  let timer: Timer
  const look = () => {
    const silenceMs = clock.now() - heardAtMs
    if (!isPaused && silenceMs >= streamLimits.silenceMsMax)
      return dead(new Error(`nothing was heard for ${Math.floor(silenceMs / 1000)} s`))
    ping()
    timer = clock.after(streamLimits.pingPeriodMs, look)
  }
  timer = clock.after(streamLimits.pingPeriodMs, look)
  const heard = () => {
    heardAtMs = clock.now()
  }
  return {
    heard,
    pause() {
      isPaused = true
    },
    resume() {
      isPaused = false
      heard()
    },
    stop: () => timer.cancel(),
  }
}
