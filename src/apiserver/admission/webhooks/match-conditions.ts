// Conditions in CEL that say of each request whether a webhook is to be asked about it.
import type { MatchCondition } from '#kinds/k8s/admissionregistration.ts'
import type { KubeObject } from '#kinds/object.ts'
import { forbidden } from '../../api-errors.ts'
import { Evaluation, isExpressionError } from '../policies/evaluation.ts'
import type { NamedPart } from '../policies/policy-expressions.ts'
import { compilePart } from '../policies/policy-expressions.ts'
import { policyEnvironment } from '../policies/policy-environment.ts'
import { requestBindings } from '../policies/request-bindings.ts'
import type { HookContext } from './hook-context.ts'
import { presented } from './object-forms.ts'
import { type Invocation, tripleOf } from './match-hook.ts'

export interface ConditionSubject {
  invocation: Invocation
  object: KubeObject | undefined
}

const ENVIRONMENT = policyEnvironment({ hasNamespace: false })
const compiled = new WeakMap<readonly MatchCondition[], readonly NamedPart[]>()

function partsOf(conditions: readonly MatchCondition[]): readonly NamedPart[] {
  const known =
    compiled.get(conditions) ??
    conditions.map(({ name, expression }) => ({
      name,
      expression,
      program: compilePart(expression, ENVIRONMENT, ['bool']),
    }))
  compiled.set(conditions, known)
  return known
}

/** Whether all conditions are met. One that cannot be told counts by the webhook's failure policy. */
export async function meetsConditions(
  context: HookContext,
  { invocation, object }: ConditionSubject,
): Promise<boolean> {
  const { hook, from, to, request } = invocation
  if (hook.matchConditions.length === 0) return true
  const { old } = request
  const isOwnKind = request.objectKind === undefined
  const view = {
    request,
    from,
    to,
    object,
    old: old === undefined || !isOwnKind ? old : await presented(to, old),
  }
  const evaluation = new Evaluation(requestBindings(context, view), [])
  const why = failureOf(partsOf(hook.matchConditions), evaluation)
  if (typeof why === 'boolean') return why
  if (hook.failClosed) throw forbidden(tripleOf(from), request.name, why)
  context.log.warn('conditions of a webhook could not be told, it is passed over', {
    webhook: hook.id,
    why,
  })
  return false
}

/** A condition that says no decides, whatever others fail at; text says at what one failed. */
function failureOf(parts: readonly NamedPart[], evaluation: Evaluation): boolean | string {
  let failure: string | undefined
  for (const { expression, program } of parts) {
    try {
      if (evaluation.valueOf(program) !== true) return false
    } catch (error) {
      if (!isExpressionError(error)) throw error
      failure ??= `expression '${expression}' resulted in error: ${error.message}`
    }
  }
  return failure ?? true
}
