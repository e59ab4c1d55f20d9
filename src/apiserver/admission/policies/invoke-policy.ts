// Puts a request to a policy as its bindings say: matching, parameters, conditions. What is then done is
// the kind of policy's own.
import type { Clock } from '#base/clock.ts'
import { StatusError } from '#base/errors.ts'
import type { MatchResources, ParamKind, ParamRef } from '#kinds/k8s/admissionregistration.ts'
import type { KubeObject } from '#kinds/object.ts'
import { fromJson } from '../../cel/json-value.ts'
import { DYN } from '../../cel/types.ts'
import type { Authorizer } from '../../authorization/authorizer.ts'
import type { ResourceRegistry, ServedResource } from '../../resources.ts'
import type { AdmissionRequest, ObjectReader } from '../plugin.ts'
import { presented } from '../webhooks/object-forms.ts'
import { asShown } from '../webhooks/subresource-view.ts'
import { Evaluation, isExpressionError } from './evaluation.ts'
import { ConfigurationError, findParams } from './find-params.ts'
import { meantResource } from './match-resources.ts'
import type { Expressions } from './policy-expressions.ts'
import { requestBindings } from './request-bindings.ts'

export interface PolicyContext {
  resources: ResourceRegistry
  reader: ObjectReader
  authorizer: Authorizer
  clock: Clock
}

interface PolicySpec {
  matchConstraints?: MatchResources | undefined
  paramKind?: ParamKind | undefined
  failurePolicy?: 'Fail' | 'Ignore' | undefined
}

export interface PolicyObject extends KubeObject {
  spec: PolicySpec
}

export interface BindingObject extends KubeObject {
  spec: { matchResources?: MatchResources | undefined; paramRef?: ParamRef | undefined }
}

export interface Invocation<Policy, Binding> {
  policy: Policy
  binding: Binding
  expressions: Expressions
  /** What of the request its expressions see; absent: all. */
  see?: (request: AdmissionRequest) => AdmissionRequest
}

export interface Invoked {
  evaluation: Evaluation
  from: ServedResource
  to: ServedResource
  /** The same once more, of the object as it is by then. */
  renewed(): Promise<Invoked>
}

/** What is wrong with a policy, or with a binding, for this request. */
export interface Failure {
  message: string
}

/**
 * Calls `act` for every set of parameters for which the conditions are met. Failures are given back,
 * unless the policy ignores them.
 */
export async function invokePolicy<Policy extends PolicyObject, Binding extends BindingObject>(
  context: PolicyContext,
  { policy, binding, expressions, see }: Invocation<Policy, Binding>,
  request: AdmissionRequest,
  act: (invoked: Invoked) => void | Promise<void>,
): Promise<Failure[]> {
  const { spec } = policy
  const failures: Failure[] = []
  const fail = (message: string) => {
    if (spec.failurePolicy !== 'Ignore') failures.push({ message })
  }
  try {
    const to = meantResource(context, spec.matchConstraints, request)
    if (to === undefined) return []
    if (meantResource(context, binding.spec.matchResources, request) === undefined) return []
    const params = findParams(context, spec.paramKind, binding.spec.paramRef, request.namespace)
    for (const one of params) {
      const invoked = await evaluationOf(context, {
        request,
        to,
        expressions,
        params: one,
        see,
      })
      const met = conditionsMet(expressions, invoked.evaluation)
      if (typeof met === 'string') fail(met)
      else if (met) await act(invoked)
    }
  } catch (error) {
    if (error instanceof ConfigurationError) fail(`failed to configure binding: ${error.message}`)
    else if (error instanceof StatusError && error.reason === 'NotFound') fail(error.message)
    else throw error
  }
  return failures
}

interface Subject {
  request: AdmissionRequest
  to: ServedResource
  expressions: Expressions
  params: KubeObject | undefined
  see: Invocation<never, never>['see'] | undefined
}

async function evaluationOf(context: PolicyContext, subject: Subject): Promise<Invoked> {
  const { request, to, expressions, params, see } = subject
  const { group, version, resource } = request
  const from = context.resources.find(group, version, resource)!
  const seen = asShown(see?.(request) ?? request, from)
  const shownAs = async (object: KubeObject | undefined) =>
    object === undefined || seen.objectKind !== undefined ? object : presented(to, object)
  const bindings = requestBindings(context, {
    request: seen,
    from,
    to,
    object: await shownAs(seen.object),
    old: await shownAs(seen.old),
  })
  const withParams = { ...bindings, params: params === undefined ? null : fromJson(params, DYN) }
  const evaluation = new Evaluation(withParams, expressions.variables)
  return { evaluation, from, to, renewed: () => evaluationOf(context, subject) }
}

/** A condition that says no decides, whatever others fail at. */
function conditionsMet({ conditions }: Expressions, evaluation: Evaluation): boolean | string {
  let failure: string | undefined
  for (const { name, program } of conditions) {
    try {
      if (evaluation.valueOf(program) !== true) return false
    } catch (error) {
      if (!isExpressionError(error)) throw error
      failure ??= `matchConditions[${name}]: ${error.message}`
    }
  }
  return failure ?? true
}
