import type { Random } from '#base/random.ts'
import { auditLimits } from './audit-limits.ts'

// It stands in a header of the answer and in a log that people read.
const SANE = /^[\w.:/+=@-]+$/

/** The client's id of a request (its `Audit-Id` header), or one made for it where that is none. */
export function auditIdOf(given: string | string[] | undefined, random: Random): string {
  const isSane =
    typeof given === 'string' && given.length <= auditLimits.auditIdLengthMax && SANE.test(given)
  return isSane ? given : random.uuid()
}
