// IPAddress objects: each is an address that a service has.
import type { FieldError } from '../definition.ts'
import type { IPAddress, IPAddressSpec, ParentReference } from '../k8s/networking.ts'
import { checkDnsSubdomain, checkPathSegment } from '../names.ts'
import { checkCanonicalAddress } from './canonical-address.ts'
import { deepEqual } from './equal.ts'
import { IMMUTABLE, invalid, invalidEach, required } from './field-error.ts'

export function validateIPAddress({ metadata, spec }: IPAddress): FieldError[] {
  const { name } = metadata
  const errors = name ? invalidEach('metadata.name', name, checkCanonicalAddress(name)) : []
  return spec.parentRef === undefined
    ? [...errors, required('spec.parentRef')]
    : [...errors, ...validateParent(spec.parentRef, 'spec.parentRef')]
}

function validateParent(
  { group, resource, namespace, name }: ParentReference,
  field: string,
): FieldError[] {
  const errors = group ? invalidEach(`${field}.group`, group, checkDnsSubdomain(group)) : []
  const segments = { resource, name }
  for (const [key, value] of Object.entries(segments))
    errors.push(
      ...(value
        ? invalidEach(`${field}.${key}`, value, checkPathSegment(value))
        : [required(`${field}.${key}`)]),
    )
  return namespace
    ? [...errors, ...invalidEach(`${field}.namespace`, namespace, checkPathSegment(namespace))]
    : errors
}

export function validateIPAddressUpdate(
  { parentRef }: IPAddressSpec,
  old: IPAddressSpec,
): FieldError[] {
  return deepEqual(parentRef, old.parentRef)
    ? []
    : [invalid('spec.parentRef', parentRef, IMMUTABLE)]
}
