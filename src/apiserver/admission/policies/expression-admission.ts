// Refuses policies and webhooks whose expressions cannot be compiled. Types of objects are not known here:
// what they rule out is told in the status of a policy.
import type { FieldError } from '#kinds/definition.ts'
import type {
  MatchCondition,
  MutatingAdmissionPolicy,
  MutatingWebhookConfiguration,
  ValidatingAdmissionPolicy,
  ValidatingWebhookConfiguration,
} from '#kinds/k8s/admissionregistration.ts'
import type { KubeObject } from '#kinds/object.ts'
import { deepEqual } from '#kinds/validate/equal.ts'
import { invalid } from '#kinds/validate/field-error.ts'
import { invalidObject } from '../../api-errors.ts'
import type { AdmissionPlugin } from '../plugin.ts'
import { compileMutatingPolicy } from './mutating-policies.ts'
import { policyEnvironment } from './policy-environment.ts'
import type { Expressions, Part } from './policy-expressions.ts'
import { compilePart } from './policy-expressions.ts'
import { compileValidatingPolicy } from './validating-policies.ts'

const GROUP = 'admissionregistration.k8s.io'

const CHECKS: Readonly<Record<string, (object: KubeObject) => FieldError[]>> = {
  validatingadmissionpolicies: (object) => validatingErrors(object as ValidatingAdmissionPolicy),
  mutatingadmissionpolicies: (object) => mutatingErrors(object as MutatingAdmissionPolicy),
  validatingwebhookconfigurations: webhookErrors,
  mutatingwebhookconfigurations: webhookErrors,
}

export const expressionAdmission: AdmissionPlugin = {
  name: 'AdmissionExpressions',
  validate({ group, kind, resource, subresource, object, old, name }) {
    if (group !== GROUP || object === undefined || subresource !== undefined) return
    // What was accepted before stays accepted.
    if (old !== undefined && sameWish(object, old)) return
    const errors = CHECKS[resource]?.(object) ?? []
    if (errors.length > 0) throw invalidObject({ group, kind }, name, errors)
  },
}

const sameWish = (one: KubeObject, other: KubeObject): boolean =>
  ['spec', 'webhooks'].every((key) => deepEqual(fieldOf(one, key), fieldOf(other, key)))

const fieldOf = (object: KubeObject, key: string): unknown =>
  (object as KubeObject & Record<string, unknown>)[key]

const errorOf = (
  program: Part | undefined,
  field: string,
  text: string | undefined,
): FieldError[] => (typeof program === 'string' ? [invalid(field, text, program)] : [])

function sharedErrors({ conditions, variables }: Expressions): FieldError[] {
  return [
    ...conditions.flatMap(({ program, expression }, index) =>
      errorOf(program, `spec.matchConditions[${index}].expression`, expression),
    ),
    ...variables.flatMap(({ program, expression }, index) =>
      errorOf(program, `spec.variables[${index}].expression`, expression),
    ),
  ]
}

function validatingErrors(policy: ValidatingAdmissionPolicy): FieldError[] {
  const { expressions, validations, annotations } = compileValidatingPolicy(policy)
  return [
    ...sharedErrors(expressions),
    ...validations.flatMap(({ validation, program, message }, index) => [
      ...errorOf(program, `spec.validations[${index}].expression`, validation.expression),
      ...errorOf(
        message,
        `spec.validations[${index}].messageExpression`,
        validation.messageExpression,
      ),
    ]),
    ...annotations.flatMap(({ annotation, program }, index) =>
      errorOf(
        program,
        `spec.auditAnnotations[${index}].valueExpression`,
        annotation.valueExpression,
      ),
    ),
  ]
}

function mutatingErrors(policy: MutatingAdmissionPolicy): FieldError[] {
  const { expressions, mutations } = compileMutatingPolicy(policy)
  return [
    ...sharedErrors(expressions),
    ...mutations.flatMap(({ kind, program }, index) => {
      const { applyConfiguration, jsonPatch } = policy.spec.mutations![index]!
      const at = `spec.mutations[${index}]`
      return kind === 'JSONPatch'
        ? errorOf(program, `${at}.jsonPatch.expression`, jsonPatch?.expression)
        : errorOf(program, `${at}.applyConfiguration.expression`, applyConfiguration?.expression)
    }),
  ]
}

function webhookErrors(object: KubeObject): FieldError[] {
  const { webhooks = [] } = object as MutatingWebhookConfiguration | ValidatingWebhookConfiguration
  const environment = policyEnvironment({ hasNamespace: false })
  const all = webhooks as readonly { matchConditions?: readonly MatchCondition[] | undefined }[]
  return all.flatMap(({ matchConditions = [] }, webhook) =>
    matchConditions.flatMap(({ expression }, index) =>
      errorOf(
        compilePart(expression, environment, ['bool']),
        `webhooks[${webhook}].matchConditions[${index}].expression`,
        expression,
      ),
    ),
  )
}
