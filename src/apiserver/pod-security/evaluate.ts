import { BASELINE_CHECKS } from './baseline-checks.ts'
import type { LevelVersion } from './policy.ts'
import { RESTRICTED_CHECKS } from './restricted-checks.ts'
import type { Check, CheckedPod, Violation } from './violation.ts'

/** Everything in which a pod is not as its level asks. */
export function violations(pod: CheckedPod, { level, version }: LevelVersion): Violation[] {
  if (level === 'privileged') return []
  const minor = version === 'latest' ? Number.POSITIVE_INFINITY : version
  const isInForce = ({ versions }: Check) => versions.some(([from]) => from <= minor)
  const restricted = level === 'restricted' ? RESTRICTED_CHECKS.filter(isInForce) : []
  const replaced = new Set(restricted.map(({ replaces }) => replaces))
  const checks = [...BASELINE_CHECKS.filter(({ id }) => !replaced.has(id)), ...restricted]
  return checks.flatMap(({ versions }) => {
    const [, check] = versions.findLast(([from]) => from <= minor) ?? []
    return check?.(pod) ?? []
  })
}

/** "hostPort (container \"web\" uses hostPort 80), ..." */
export const detailsOf = (found: readonly Violation[]): string =>
  found.map(({ reason, detail }) => (detail === '' ? reason : `${reason} (${detail})`)).join(', ')

export const reasonsOf = (found: readonly Violation[]): string =>
  found.map(({ reason }) => reason).join(', ')
