// ValidatingAdmissionPolicy: refuses, warns, or only notes.
import type { StatusReason } from '#base/errors.ts'
import { StatusError } from '#base/errors.ts'
import type {
  AuditAnnotation,
  Validation,
  ValidatingAdmissionPolicy,
  ValidatingAdmissionPolicyBinding,
} from '#kinds/k8s/admissionregistration.ts'
import { forbidden } from '../../api-errors.ts'
import type { AdmissionPlugin, AdmissionRequest } from '../plugin.ts'
import { isAskable } from '../webhooks/match-hook.ts'
import type { Evaluation } from './evaluation.ts'
import { isExpressionError, policyLimits } from './evaluation.ts'
import type { PolicyContext } from './invoke-policy.ts'
import { invokePolicy } from './invoke-policy.ts'
import type { Expressions, Part } from './policy-expressions.ts'
import { compileExpressions } from './policy-expressions.ts'
import type { PolicyList } from './policy-list.ts'

interface CompiledValidation {
  validation: Validation
  program: Part
  message: Part | undefined
}

interface CompiledPolicy {
  expressions: Expressions
  validations: readonly CompiledValidation[]
  annotations: readonly { annotation: AuditAnnotation; program: Part }[]
}

export function compileValidatingPolicy(policy: ValidatingAdmissionPolicy): CompiledPolicy {
  const { spec } = policy
  const expressions = compileExpressions(spec)
  return {
    expressions,
    validations: (spec.validations ?? []).map((validation) => ({
      validation,
      program: expressions.compile(validation.expression, ['bool']),
      message: validation.messageExpression
        ? expressions.compile(validation.messageExpression, ['string'])
        : undefined,
    })),
    annotations: (spec.auditAnnotations ?? []).map((annotation) => ({
      annotation,
      program: expressions.compile(annotation.valueExpression, ['string', 'null']),
    })),
  }
}

interface Finding {
  message: string
  reason: StatusReason
  /** Of the expression in its list of the policy. */
  index: number
}

export function validatingPolicies(
  context: PolicyContext,
  list: PolicyList<ValidatingAdmissionPolicy, ValidatingAdmissionPolicyBinding>,
): AdmissionPlugin {
  const compiled = new WeakMap<ValidatingAdmissionPolicy, CompiledPolicy>()
  const compiledOf = (policy: ValidatingAdmissionPolicy): CompiledPolicy => {
    const known = compiled.get(policy) ?? compileValidatingPolicy(policy)
    compiled.set(policy, known)
    return known
  }
  return {
    name: 'ValidatingAdmissionPolicy',
    asksOfUnstored: true,
    async validate(request) {
      if (list.bound.length === 0 || !isAskable(request)) return
      let refusal: StatusError | undefined
      for (const { policy, bindings } of list.bound)
        for (const binding of bindings) {
          const refused = await ask(
            context,
            { policy, binding, compiled: compiledOf(policy) },
            request,
          )
          refusal ??= refused
        }
      if (refusal !== undefined) throw refusal
    },
  }
}

interface Asked {
  policy: ValidatingAdmissionPolicy
  binding: ValidatingAdmissionPolicyBinding
  compiled: CompiledPolicy
}

/** The refusal, if there is one; warnings and notes are left with the request. */
async function ask(
  context: PolicyContext,
  { policy, binding, compiled }: Asked,
  request: AdmissionRequest,
): Promise<StatusError | undefined> {
  const { expressions } = compiled
  const findings: Finding[] = []
  const failures = await invokePolicy(
    context,
    { policy, binding, expressions },
    request,
    ({ evaluation }) => {
      findings.push(...validate(policy, compiled, evaluation))
      annotate(policy, compiled, { evaluation, request, findings })
    },
  )
  const who = `ValidatingAdmissionPolicy '${policy.metadata.name}' with binding '${binding.metadata.name}'`
  // A policy that cannot be asked refuses, whatever its binding would do.
  const failed = failures[0]
  if (failed !== undefined)
    return refuse(request, `${who} denied request: ${failed.message}`, 'Invalid')
  const { validationActions } = binding.spec
  const [first] = findings
  if (first === undefined) return undefined
  if (validationActions.includes('Warn'))
    for (const { message } of findings)
      request.warnings?.push(`Validation failed for ${who}: ${message}`)
  if (validationActions.includes('Audit')) noteFailure({ policy, binding }, first, request)
  if (!validationActions.includes('Deny')) return undefined
  return refuse(request, `${who} denied request: ${first.message}`, first.reason)
}

const FAILURE = 'validation.policy.admission.k8s.io/validation_failure'

/** For the audit log, as Kubernetes writes it: a list of one, and only the first of a request. */
function noteFailure(
  { policy, binding }: Omit<Asked, 'compiled'>,
  { message, index }: Finding,
  { auditAnnotations }: AdmissionRequest,
): void {
  if (auditAnnotations === undefined) return
  auditAnnotations[FAILURE] ??= JSON.stringify([
    {
      message,
      policy: policy.metadata.name,
      binding: binding.metadata.name,
      expressionIndex: index,
      validationActions: binding.spec.validationActions,
    },
  ])
}

const CODES: Readonly<Record<string, number>> = {
  Forbidden: 403,
  Unauthorized: 401,
  RequestEntityTooLarge: 413,
}

function refuse(request: AdmissionRequest, message: string, reason: StatusReason): StatusError {
  const { group, resource, name } = request
  const refusal = forbidden({ group, resource }, name, message)
  return new StatusError(reason, refusal.message, {
    code: CODES[reason] ?? 422,
    details: { ...refusal.details, causes: [{ message }] },
  })
}

function validate(
  { spec }: ValidatingAdmissionPolicy,
  { validations }: CompiledPolicy,
  evaluation: Evaluation,
): Finding[] {
  const findings: Finding[] = []
  for (const [index, { validation, program, message }] of validations.entries()) {
    const reason = (validation.reason ?? 'Invalid') as StatusReason
    try {
      if (evaluation.valueOf(program) === true) continue
      findings.push({ message: messageOf(validation, message, evaluation), reason, index })
    } catch (error) {
      if (!isExpressionError(error)) throw error
      if (spec.failurePolicy === 'Ignore') continue
      const expression = validation.expression.trim()
      findings.push({
        message: `expression '${expression}' resulted in error: ${error.message}`,
        reason: 'Invalid',
        index,
      })
    }
  }
  return findings
}

function messageOf(
  validation: Validation,
  message: Part | undefined,
  evaluation: Evaluation,
): string {
  const plain = validation.message?.trim() || `failed expression: ${validation.expression.trim()}`
  if (message === undefined) return plain
  try {
    const value = evaluation.valueOf(message)
    const text = typeof value === 'string' ? value.trim() : ''
    const isUsable = text !== '' && text.length <= policyLimits.textMax && !/[\r\n]/.test(text)
    return isUsable ? text : plain
  } catch (error) {
    if (!isExpressionError(error)) throw error
    return plain
  }
}

interface Noting {
  evaluation: Evaluation
  request: AdmissionRequest
  findings: Finding[]
}

/** Notes for the audit log: "policy/key". Null writes none. */
function annotate(
  { metadata, spec }: ValidatingAdmissionPolicy,
  { annotations }: CompiledPolicy,
  { evaluation, request, findings }: Noting,
): void {
  for (const [index, { annotation, program }] of annotations.entries()) {
    try {
      const value = evaluation.valueOf(program)
      if (
        typeof value === 'string' &&
        value.trim() !== '' &&
        request.auditAnnotations !== undefined
      )
        request.auditAnnotations[`${metadata.name}/${annotation.key}`] = value.trim()
    } catch (error) {
      if (!isExpressionError(error)) throw error
      if (spec.failurePolicy !== 'Ignore')
        findings.push({
          message: `expression '${annotation.valueExpression.trim()}' resulted in error: ${error.message}`,
          reason: 'Invalid',
          index,
        })
    }
  }
}
