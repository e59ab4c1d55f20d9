// References to an object of any kind in the same namespace.
import type { FieldError } from '../definition.ts'
import type { TypedLocalObjectReference } from '../k8s/core.ts'
import { checkDnsSubdomain, checkPathSegment } from '../names.ts'
import { invalidEach, required } from './field-error.ts'

export function validateTypedLocalReference(
  { apiGroup, kind, name }: TypedLocalObjectReference,
  field: string,
): FieldError[] {
  return [
    ...(apiGroup === undefined
      ? []
      : invalidEach(`${field}.apiGroup`, apiGroup, checkDnsSubdomain(apiGroup))),
    ...(kind
      ? invalidEach(`${field}.kind`, kind, checkPathSegment(kind))
      : [required(`${field}.kind`, 'kind is required')]),
    ...(name
      ? invalidEach(`${field}.name`, name, checkPathSegment(name))
      : [required(`${field}.name`, 'name is required')]),
  ]
}
