// Admission policies, apart from whether their expressions can be compiled, which the API server tells.
import type { FieldError } from '../definition.ts'
import type {
  AuditAnnotation,
  MatchResources,
  MutatingAdmissionPolicySpec,
  Mutation,
  ParamKind,
  ParamRef,
  ValidatingAdmissionPolicySpec,
  Validation,
  Variable,
} from '../k8s/admissionregistration.ts'
import { checkDnsSubdomain, checkPathSegment, checkQualifiedName } from '../names.ts'
import { validateMatchConditions, validateMatchResources } from './admission-rules.ts'
import {
  duplicate,
  forbidden,
  invalid,
  invalidEach,
  notSupported,
  required,
} from './field-error.ts'
import { validateLabelSelector } from './label-selector.ts'

type PolicySpec = Pick<
  ValidatingAdmissionPolicySpec,
  'failurePolicy' | 'paramKind' | 'matchConstraints' | 'matchConditions' | 'variables'
>

const FAILURE_POLICIES = ['Fail', 'Ignore']
const NOT_FOUND_ACTIONS = ['Deny', 'Allow']
const REASONS = ['Forbidden', 'Invalid', 'RequestEntityTooLarge']
const REINVOCATIONS = ['IfNeeded', 'Never']
const PATCH_TYPES = ['ApplyConfiguration', 'JSONPatch']
const ACTIONS = ['Audit', 'Deny', 'Warn']
const ANNOTATIONS_MAX = 20
const VALUE_EXPRESSION_BYTES_MAX = 5 * 1024
const IDENTIFIER = /^[_a-zA-Z][_a-zA-Z0-9]*$/
/** Words that CEL keeps for itself. */
const RESERVED = new Set(
  (
    'true false null in as break const continue else for function if import let loop package ' +
    'namespace return var void while'
  ).split(' '),
)
const DNS_1123_KIND = /^[A-Za-z]([-A-Za-z0-9]*[A-Za-z0-9])?$/

function validateShared(spec: PolicySpec): FieldError[] {
  const { failurePolicy, paramKind, matchConstraints, matchConditions, variables = [] } = spec
  const errors: FieldError[] = []
  if (failurePolicy === undefined) errors.push(required('spec.failurePolicy'))
  else if (!FAILURE_POLICIES.includes(failurePolicy))
    errors.push(notSupported('spec.failurePolicy', failurePolicy, FAILURE_POLICIES))
  if (paramKind !== undefined) errors.push(...validateParamKind(paramKind, 'spec.paramKind'))
  errors.push(...validateConstraints(matchConstraints))
  errors.push(...validateMatchConditions(matchConditions, 'spec.matchConditions'))
  return [...errors, ...validateVariables(variables)]
}

/** A policy must be about something. */
function validateConstraints(match: MatchResources | undefined): FieldError[] {
  const field = 'spec.matchConstraints'
  if (match === undefined) return [required(field)]
  const none = match.resourceRules?.length ? [] : [required(`${field}.resourceRules`)]
  return [...validateMatchResources(match, field), ...none]
}

function validateParamKind({ apiVersion, kind }: ParamKind, field: string): FieldError[] {
  const errors: FieldError[] = []
  if (!apiVersion) errors.push(required(`${field}.apiVersion`))
  else if (apiVersion.split('/').length > 2 || apiVersion.endsWith('/'))
    errors.push(
      invalid(`${field}.apiVersion`, apiVersion, `unexpected GroupVersion string: ${apiVersion}`),
    )
  if (!kind) errors.push(required(`${field}.kind`))
  else if (!DNS_1123_KIND.test(kind))
    errors.push(
      invalid(
        `${field}.kind`,
        kind,
        'may have mixed case, but should otherwise match: a DNS-1035 label',
      ),
    )
  return errors
}

function validateVariables(variables: readonly Variable[]): FieldError[] {
  return variables.flatMap(({ name, expression }, i) => {
    const at = `spec.variables[${i}]`
    const errors: FieldError[] = []
    if (!name?.trim()) errors.push(required(`${at}.name`, 'name is not specified'))
    else if (!IDENTIFIER.test(name) || RESERVED.has(name))
      errors.push(invalid(`${at}.name`, name, 'name is not a valid CEL identifier'))
    else if (variables.findIndex((other) => other.name === name) < i)
      errors.push(duplicate(`${at}.name`, name))
    if (!expression?.trim())
      errors.push(required(`${at}.expression`, 'expression is not specified'))
    return errors
  })
}

export function validateValidatingPolicy(
  spec: ValidatingAdmissionPolicySpec,
  policyName: string,
): FieldError[] {
  const { validations = [], auditAnnotations = [] } = spec
  const errors = validateShared(spec)
  if (validations.length === 0 && auditAnnotations.length === 0) {
    const detail = 'validations or auditAnnotations must contain at least one item'
    errors.push(required('spec.validations', detail), required('spec.auditAnnotations', detail))
  }
  errors.push(...validations.flatMap((one, i) => validateValidation(one, `spec.validations[${i}]`)))
  return [...errors, ...validateAuditAnnotations(auditAnnotations, policyName)]
}

function validateValidation(
  { expression, message, messageExpression, reason }: Validation,
  field: string,
): FieldError[] {
  const errors: FieldError[] = []
  if (!expression?.trim())
    errors.push(required(`${field}.expression`, 'expression is not specified'))
  if (messageExpression !== undefined && messageExpression.trim() === '')
    errors.push(
      invalid(`${field}.messageExpression`, messageExpression, 'must be non-empty if specified'),
    )
  if (message !== undefined && message.trim() === '')
    errors.push(invalid(`${field}.message`, message, 'message must be non-empty if specified'))
  else if (/[\n\r]/.test(message?.trim() ?? ''))
    errors.push(invalid(`${field}.message`, message, 'message must not contain line breaks'))
  else if (!message && expression?.includes('\n') && !messageExpression)
    errors.push(
      required(`${field}.message`, 'message must be specified if expression contains line breaks'),
    )
  if (reason !== undefined && !REASONS.includes(reason))
    errors.push(notSupported(`${field}.reason`, reason, REASONS))
  return errors
}

function validateAuditAnnotations(
  annotations: readonly AuditAnnotation[],
  policyName: string,
): FieldError[] {
  const field = 'spec.auditAnnotations'
  const errors: FieldError[] = []
  if (annotations.length > ANNOTATIONS_MAX)
    errors.push(
      invalid(field, annotations, `must not have more than ${ANNOTATIONS_MAX} auditAnnotations`),
    )
  for (const [i, annotation] of annotations.entries()) {
    const { key } = annotation
    errors.push(...validateAuditAnnotation(annotation, `${field}[${i}]`, policyName))
    if (annotations.findIndex((other) => other.key === key) < i)
      errors.push(duplicate(`${field}[${i}].key`, key))
  }
  return errors
}

/** In the audit log its key stands behind the name of the policy. */
function validateAuditAnnotation(
  { key, valueExpression }: AuditAnnotation,
  field: string,
  policyName: string,
): FieldError[] {
  const full = `${policyName}/${key ?? ''}`
  const errors = invalidEach(`${field}.key`, full, checkQualifiedName(full))
  const expression = valueExpression?.trim() ?? ''
  if (expression === '')
    errors.push(required(`${field}.valueExpression`, 'valueExpression is not specified'))
  else if (Buffer.byteLength(expression) > VALUE_EXPRESSION_BYTES_MAX)
    errors.push(
      required(
        `${field}.valueExpression`,
        `must not exceed ${VALUE_EXPRESSION_BYTES_MAX} bytes in length`,
      ),
    )
  return errors
}

export function validateMutatingPolicy(spec: MutatingAdmissionPolicySpec): FieldError[] {
  const { mutations = [], reinvocationPolicy } = spec
  const errors = validateShared(spec)
  if (mutations.length === 0)
    errors.push(required('spec.mutations', 'mutations must contain at least one item'))
  errors.push(...mutations.flatMap((one, i) => validateMutation(one, `spec.mutations[${i}]`)))
  if (reinvocationPolicy === undefined) errors.push(required('spec.reinvocationPolicy'))
  else if (!REINVOCATIONS.includes(reinvocationPolicy))
    errors.push(notSupported('spec.reinvocationPolicy', reinvocationPolicy, REINVOCATIONS))
  return errors
}

function validateMutation({ patchType, ...given }: Mutation, field: string): FieldError[] {
  const FIELDS = { ApplyConfiguration: 'applyConfiguration', JSONPatch: 'jsonPatch' } as const
  if (!patchType) return [required(`${field}.patchType`)]
  if (!PATCH_TYPES.includes(patchType))
    return [notSupported(`${field}.patchType`, patchType, PATCH_TYPES)]
  return Object.entries(FIELDS).flatMap(([type, key]) => {
    const mutation = given[key]
    if (type !== patchType)
      return mutation === undefined
        ? []
        : [forbidden(`${field}.${key}`, `must not be set when patchType is ${patchType}`)]
    if (mutation === undefined)
      return [required(`${field}.${key}`, `must be specified when patchType is ${type}`)]
    return mutation.expression?.trim()
      ? []
      : [required(`${field}.${key}.expression`, 'expression is not specified')]
  })
}

interface BindingSpec {
  policyName?: string | undefined
  paramRef?: ParamRef | undefined
  matchResources?: MatchResources | undefined
}

export function validatePolicyBinding({
  policyName,
  paramRef,
  matchResources,
}: BindingSpec): FieldError[] {
  const errors = policyName
    ? invalidEach('spec.policyName', policyName, checkDnsSubdomain(policyName))
    : [required('spec.policyName')]
  if (paramRef !== undefined) errors.push(...validateParamRef(paramRef, 'spec.paramRef'))
  if (matchResources !== undefined)
    errors.push(...validateMatchResources(matchResources, 'spec.matchResources'))
  return errors
}

export function validateActions(actions: readonly string[] | undefined): FieldError[] {
  const field = 'spec.validationActions'
  if (!actions || actions.length === 0)
    return [required(field, 'at least one validation action is required')]
  const errors = actions.flatMap((action, i) => {
    if (!ACTIONS.includes(action)) return [notSupported(`${field}[${i}]`, action, ACTIONS)]
    return actions.indexOf(action) < i ? [duplicate(`${field}[${i}]`, action)] : []
  })
  if (actions.includes('Deny') && actions.includes('Warn'))
    errors.push(
      invalid(
        field,
        actions,
        'must not contain both Deny and Warn (repeating the same validation failure information in the API response and headers serves no purpose)',
      ),
    )
  return errors
}

function validateParamRef(
  { name, selector, parameterNotFoundAction }: ParamRef,
  field: string,
): FieldError[] {
  const errors: FieldError[] = []
  if (name) {
    errors.push(...invalidEach(`${field}.name`, name, checkPathSegment(name)))
    if (selector !== undefined)
      errors.push(forbidden(`${field}.name`, 'name and selector are mutually exclusive'))
  } else if (selector === undefined)
    errors.push(required(field, 'one of name or selector must be specified'))
  if (selector !== undefined) errors.push(...validateLabelSelector(selector, `${field}.selector`))
  if (name && selector !== undefined)
    errors.push(forbidden(`${field}.selector`, 'name and selector are mutually exclusive'))
  if (parameterNotFoundAction === undefined)
    errors.push(required(`${field}.parameterNotFoundAction`))
  else if (!NOT_FOUND_ACTIONS.includes(parameterNotFoundAction))
    errors.push(
      notSupported(`${field}.parameterNotFoundAction`, parameterNotFoundAction, NOT_FOUND_ACTIONS),
    )
  return errors
}
