// Several authorizers as one: whoever is allowed by one of them may.
import type { Authorizer } from './authorizer.ts'

export function firstThatAllows(authorizers: readonly Authorizer[]): Authorizer {
  return {
    authorize(user, attributes) {
      const reasons: string[] = []
      for (const authorizer of authorizers) {
        const decision = authorizer.authorize(user, attributes)
        if (decision.allowed) return decision
        if (decision.reason !== '') reasons.push(decision.reason)
      }
      return { allowed: false, reason: reasons.join('\n') }
    },
    rulesFor(user, namespace) {
      const all = authorizers.map((authorizer) => authorizer.rulesFor(user, namespace))
      const errors = all.flatMap(({ evaluationError }) => evaluationError ?? [])
      return {
        resourceRules: all.flatMap(({ resourceRules }) => resourceRules),
        nonResourceRules: all.flatMap(({ nonResourceRules }) => nonResourceRules),
        ...(all.some(({ incomplete }) => incomplete) ? { incomplete: true } : {}),
        ...(errors.length === 0 ? {} : { evaluationError: errors.join(', ') }),
      }
    },
  }
}
