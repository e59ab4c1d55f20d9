import type { UserInfo } from '#base/api-call.ts'
import type { Clock } from '#base/clock.ts'
import type { Logger } from '#base/log.ts'

/** How often one user's stale token is told of. */
const TELL_EVERY_MS = 3_600_000
const USERS_MAX = 1_000

/** Tells of clients that go on with a token they should have read anew: one day it will end under them. */
export function staleTokenLog({ log, clock }: { log: Logger; clock: Clock }) {
  const told = new Map<string, number>()
  return ({ username }: UserInfo, staleSeconds: number): void => {
    const now = clock.monotonic()
    if (now - (told.get(username) ?? -Infinity) < TELL_EVERY_MS) return
    told.delete(username)
    told.set(username, now)
    if (told.size > USERS_MAX) told.delete(told.keys().next().value!)
    log.warn('a client uses a stale token: it must read its token file anew', {
      user: username,
      secondsAfterWarningThreshold: staleSeconds,
    })
  }
}
