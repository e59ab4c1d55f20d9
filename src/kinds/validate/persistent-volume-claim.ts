// Claims of volumes: ValidatePersistentVolumeClaim and its kin in k8s.io/kubernetes pkg/apis/core/validation.
import type { FieldError } from '../definition.ts'
import type {
  PersistentVolumeClaim,
  PersistentVolumeClaimSpec,
  PersistentVolumeClaimStatus,
  TypedLocalObjectReference,
} from '../k8s/core.ts'
import type { Quantity } from '../object.ts'
import { checkDnsLabel, checkDnsSubdomain } from '../names.ts'
import { compareQuantities } from '../quantity.ts'
import { BETA_STORAGE_CLASS } from '../storage-terms.ts'
import { deepEqual } from './equal.ts'
import { forbidden, IMMUTABLE, invalid, invalidEach, oneOf, required } from './field-error.ts'
import { goDiff } from './go-diff.ts'
import { validateLabelSelector } from './label-selector.ts'
import { validateAccessModes, validatePositive, VOLUME_MODES } from './storage.ts'

export function validateClaim(
  claim: PersistentVolumeClaim,
  old: PersistentVolumeClaim | undefined,
): FieldError[] {
  return [
    ...validateClaimSpec(claim.spec, 'spec'),
    ...(old === undefined ? [] : validateClaimUpdate(claim, old)),
    ...validateStatus(claim.status),
  ]
}

/** Also of the claim of a pod's ephemeral volume and of a StatefulSet's claims. */
export function validateClaimSpec(spec: PersistentVolumeClaimSpec, field: string): FieldError[] {
  const { accessModes = [], selector, resources, storageClassName, volumeMode } = spec
  const errors: FieldError[] = []
  if (accessModes.length === 0)
    errors.push(required(`${field}.accessModes`, 'at least 1 access mode is required'))
  if (selector !== undefined) errors.push(...validateLabelSelector(selector, `${field}.selector`))
  errors.push(...validateAccessModes(accessModes, `${field}.accessModes`))
  const storage = resources?.requests?.['storage']
  const at = `${field}.resources[storage]`
  errors.push(...(storage === undefined ? [required(at)] : validatePositive(at, storage)))
  if (storageClassName)
    errors.push(
      ...invalidEach(
        `${field}.storageClassName`,
        storageClassName,
        checkDnsSubdomain(storageClassName),
      ),
    )
  errors.push(...oneOf(`${field}.volumeMode`, volumeMode, VOLUME_MODES))
  errors.push(...validateSources(spec, field))
  const attributes = spec.volumeAttributesClassName
  if (attributes)
    errors.push(
      ...invalidEach(
        `${field}.volumeAttributesClassName`,
        attributes,
        checkDnsSubdomain(attributes),
      ),
    )
  return errors
}

const DEFAULT_GROUP = "must be 'PersistentVolumeClaim' when referencing the default apiGroup"

function validateSource(source: TypedLocalObjectReference, field: string): FieldError[] {
  const { apiGroup = '', kind, name } = source
  const errors: FieldError[] = []
  if (!name) errors.push(required(`${field}.name`))
  if (!kind) errors.push(required(`${field}.kind`))
  if (apiGroup === '' && kind !== 'PersistentVolumeClaim')
    errors.push(invalid(field, kind, DEFAULT_GROUP))
  if (apiGroup !== '')
    errors.push(...invalidEach(`${field}.apiGroup`, apiGroup, checkDnsSubdomain(apiGroup)))
  return errors
}

function validateSources(
  { dataSource, dataSourceRef }: PersistentVolumeClaimSpec,
  field: string,
): FieldError[] {
  const errors: FieldError[] = []
  if (dataSource !== undefined) errors.push(...validateSource(dataSource, `${field}.dataSource`))
  if (dataSourceRef === undefined) return errors
  const { namespace, ...reference } = dataSourceRef
  errors.push(...validateSource(reference, `${field}.dataSourceRef`))
  if (namespace)
    errors.push(
      ...invalidEach(`${field}.dataSourceRef.namespace`, namespace, checkDnsLabel(namespace)),
    )
  if (dataSource === undefined) return errors
  if (namespace)
    errors.push(
      invalid(
        field,
        `${field}.dataSource`,
        'may not be specified when dataSourceRef.namespace is specified',
      ),
    )
  else if (!deepEqual(dataSource, reference))
    errors.push(invalid(field, `${field}.dataSource`, 'must match dataSourceRef'))
  return errors
}

const IMMUTABLE_SPEC =
  'spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims'

function validateClaimUpdate(
  { metadata, spec, status }: PersistentVolumeClaim,
  old: PersistentVolumeClaim,
): FieldError[] {
  const errors: FieldError[] = []
  const beta = metadata.annotations?.[BETA_STORAGE_CLASS] ?? ''
  if (beta !== (old.metadata.annotations?.[BETA_STORAGE_CLASS] ?? ''))
    errors.push(invalid(`metadata.annotations[${BETA_STORAGE_CLASS}]`, beta, IMMUTABLE))
  const rest = withoutChangeable(spec, old, status)
  if (!deepEqual(rest, old.spec))
    errors.push(forbidden('spec', `${IMMUTABLE_SPEC}\n${goDiff(old.spec, rest)}`))
  errors.push(...validateSize(spec, old))
  if (spec.volumeMode !== old.spec.volumeMode)
    errors.push(invalid('volumeMode', spec.volumeMode, IMMUTABLE))
  if (old.spec.volumeAttributesClassName && !spec.volumeAttributesClassName)
    errors.push(
      forbidden(
        'spec.volumeAttributesClassName',
        `update from non-nil value to ${spec.volumeAttributesClassName === undefined ? 'nil' : 'an empty string'} is forbidden`,
      ),
    )
  return errors
}

/** The new spec with what may change put back: the volume once, a class once, more of a bound one. */
function withoutChangeable(
  spec: PersistentVolumeClaimSpec,
  { spec: old }: PersistentVolumeClaim,
  status: PersistentVolumeClaimStatus | undefined,
): PersistentVolumeClaimSpec {
  const isBound = status?.phase === 'Bound'
  const requests = { ...spec.resources?.requests, storage: storageOf(old) }
  return {
    ...spec,
    ...(old.volumeName ? {} : { volumeName: old.volumeName }),
    ...(old.storageClassName === undefined ? { storageClassName: undefined } : {}),
    ...(isBound ? { resources: { ...spec.resources, requests } } : {}),
    ...(isBound && spec.volumeAttributesClassName !== undefined
      ? { volumeAttributesClassName: old.volumeAttributesClassName }
      : {}),
  }
}

const storageOf = (spec: PersistentVolumeClaimSpec): Quantity =>
  spec.resources?.requests?.['storage'] ?? '0'

/** A claim that could not grow may ask for less again, but not for less than it has. */
function validateSize(spec: PersistentVolumeClaimSpec, old: PersistentVolumeClaim): FieldError[] {
  const size = storageOf(spec)
  if (compareQuantities(size, storageOf(old.spec)) >= 0) return []
  if (compareQuantities(size, old.status?.capacity?.['storage'] ?? '0') > 0) return []
  return [
    forbidden('spec.resources.requests.storage', 'field can not be less than status.capacity'),
  ]
}

function validateStatus(status: PersistentVolumeClaimStatus | undefined): FieldError[] {
  return Object.entries(status?.capacity ?? {}).flatMap(([name, amount]) =>
    compareQuantities(amount, 0) < 0
      ? [invalid(`status.capacity[${name}]`, String(amount), 'must be greater than or equal to 0')]
      : [],
  )
}
