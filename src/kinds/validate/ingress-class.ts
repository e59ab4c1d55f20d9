// Classes of ingresses: who serves them and with which parameters.
import type { FieldError } from '../definition.ts'
import type {
  Ingress,
  IngressClassParametersReference,
  IngressClassSpec,
} from '../k8s/networking.ts'
import { checkDnsLabel } from '../names.ts'
import { validateDomainPrefixedPath } from './domain-prefixed-path.ts'
import {
  forbidden,
  IMMUTABLE,
  invalid,
  invalidEach,
  notSupported,
  required,
  tooLong,
} from './field-error.ts'
import { validateTypedLocalReference } from './local-object-reference.ts'

export const CLASS_ANNOTATION = 'kubernetes.io/ingress.class'
const CONTROLLER_LENGTH_MAX = 250
const SCOPES = ['Cluster', 'Namespace']

/** The older way to name a class must not contradict the field. */
export function validateIngressClassAnnotation({ metadata, spec }: Ingress): FieldError[] {
  const named = metadata.annotations?.[CLASS_ANNOTATION]
  const { ingressClassName } = spec
  if (named === undefined || ingressClassName === undefined || named === ingressClassName) return []
  return [
    invalid(
      `annotations.${CLASS_ANNOTATION}`,
      named,
      'must match `ingressClassName` when both are specified',
    ),
  ]
}

export function validateIngressClass(
  { controller = '', parameters }: IngressClassSpec,
  field: string,
): FieldError[] {
  const at = `${field}.controller`
  const errors: FieldError[] = []
  if (controller.length > CONTROLLER_LENGTH_MAX) errors.push(tooLong(at, CONTROLLER_LENGTH_MAX))
  errors.push(...validateDomainPrefixedPath(controller, at))
  return parameters === undefined
    ? errors
    : [...errors, ...validateParameters(parameters, `${field}.parameters`)]
}

function validateParameters(
  parameters: IngressClassParametersReference,
  field: string,
): FieldError[] {
  const { scope, namespace } = parameters
  const errors = validateTypedLocalReference(parameters, field)
  if (!scope) return [...errors, required(`${field}.scope`)]
  if (!SCOPES.includes(scope)) errors.push(notSupported(`${field}.scope`, scope, SCOPES))
  if (scope === 'Namespace') {
    if (!namespace)
      errors.push(required(`${field}.namespace`, "`parameters.scope` is set to 'Namespace'"))
    else errors.push(...invalidEach(`${field}.namespace`, namespace, checkDnsLabel(namespace)))
  } else if (scope === 'Cluster' && namespace !== undefined)
    errors.push(forbidden(`${field}.namespace`, "`parameters.scope` is set to 'Cluster'"))
  return errors
}

export function validateIngressClassUpdate(
  { controller }: IngressClassSpec,
  old: IngressClassSpec,
): FieldError[] {
  return controller === old.controller ? [] : [invalid('spec.controller', controller, IMMUTABLE)]
}
