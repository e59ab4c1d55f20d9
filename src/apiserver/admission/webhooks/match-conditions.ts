// Conditions in CEL that say of each request whether a webhook is to be asked about it.
import type { KubeObject } from '#kinds/object.ts'
import { forbidden } from '../../api-errors.ts'
import type { HookContext } from './hook-context.ts'
import { type Invocation, tripleOf } from './match-hook.ts'

export interface ConditionSubject {
  invocation: Invocation
  object: KubeObject | undefined
}

/** Whether all conditions are met. One that cannot be told counts by the webhook's failure policy. */
export function meetsConditions({ log }: HookContext, { invocation }: ConditionSubject): boolean {
  const { hook, from, request } = invocation
  const [first] = hook.matchConditions
  if (first === undefined) return true
  const why = `expression '${first.expression}' cannot be evaluated: this server has no CEL`
  if (hook.failClosed) throw forbidden(tripleOf(from), request.name, why)
  log.warn('conditions of a webhook could not be told, it is passed over', {
    webhook: hook.id,
    why,
  })
  return false
}
