// Classes of volumes: what they are made with, and that this stays.
import type { FieldError } from '../definition.ts'
import type { StorageClass, VolumeAttributesClass } from '../k8s/storage.ts'
import type { TopologySelectorTerm } from '../k8s/core.ts'
import { checkQualifiedName } from '../names.ts'
import { deepEqual } from './equal.ts'
import {
  duplicate,
  forbidden,
  IMMUTABLE,
  invalid,
  invalidEach,
  notSupported,
  required,
  tooLong,
} from './field-error.ts'

const PARAMETERS_MAX = 512
const PARAMETERS_BYTES_MAX = 256 * 1024
const RECLAIM_POLICIES = ['Delete', 'Retain']
const BINDING_MODES = ['Immediate', 'WaitForFirstConsumer']

export function validateStorageClass(storageClass: StorageClass): FieldError[] {
  const { provisioner, parameters, reclaimPolicy, volumeBindingMode } = storageClass
  const errors = [...validateProvisioner(provisioner, 'provisioner')]
  errors.push(...validateParameters(parameters, { mayBeEmpty: true }))
  if (reclaimPolicy !== undefined && !RECLAIM_POLICIES.includes(reclaimPolicy))
    errors.push(notSupported('reclaimPolicy', reclaimPolicy, RECLAIM_POLICIES))
  if (volumeBindingMode === undefined) errors.push(required('volumeBindingMode'))
  else if (!BINDING_MODES.includes(volumeBindingMode))
    errors.push(notSupported('volumeBindingMode', volumeBindingMode, BINDING_MODES))
  return [
    ...errors,
    ...validateTopologies(storageClass.allowedTopologies ?? [], 'allowedTopologies'),
  ]
}

export function validateProvisioner(provisioner: string | undefined, field: string): FieldError[] {
  if (!provisioner) return [required(field, provisioner)]
  return invalidEach(field, provisioner, checkQualifiedName(provisioner.toLowerCase()))
}

function validateParameters(
  parameters: Record<string, string> | undefined,
  { mayBeEmpty }: { mayBeEmpty: boolean },
): FieldError[] {
  const field = 'parameters'
  const entries = Object.entries(parameters ?? {})
  if (entries.length > PARAMETERS_MAX) return [tooLong(`${field}`, PARAMETERS_MAX)]
  const errors = entries
    .filter(([key]) => key === '')
    .map(() => invalid(field, '', 'field can not be empty.'))
  let sizeBytes = 0
  for (const [key, value] of entries) sizeBytes += Buffer.byteLength(key) + Buffer.byteLength(value)
  if (sizeBytes > PARAMETERS_BYTES_MAX) errors.push(tooLong(field, PARAMETERS_BYTES_MAX))
  if (!mayBeEmpty && entries.length === 0)
    errors.push(required(field, 'must contain at least one key/value pair'))
  return errors
}

function validateTopologies(terms: readonly TopologySelectorTerm[], field: string): FieldError[] {
  const seen: unknown[] = []
  return terms.flatMap(({ matchLabelExpressions = [] }, index) => {
    const at = `${field}[${index}]`
    const errors: FieldError[] = []
    const byKey = new Map<string, readonly string[]>()
    for (const [position, { key, values }] of matchLabelExpressions.entries()) {
      const here = `${at}.matchLabelExpressions[${position}]`
      errors.push(...validateTopologyValues(values ?? [], `${here}.values`))
      if (byKey.has(key)) errors.push(duplicate(`${here}.key`, key))
      byKey.set(key, (values ?? []).toSorted())
      errors.push(...invalidEach(`${here}.key`, key, checkQualifiedName(key)))
    }
    const term = Object.fromEntries(byKey)
    if (seen.some((earlier) => deepEqual(earlier, term)))
      errors.push(duplicate(`${at}.matchLabelExpressions`, ''))
    seen.push(term)
    return errors
  })
}

function validateTopologyValues(values: readonly string[], field: string): FieldError[] {
  if (values.length === 0) return [required(field)]
  return values.flatMap((value, index) =>
    values.indexOf(value) < index ? [duplicate(`${field}[${index}]`, value)] : [],
  )
}

export function validateStorageClassUpdate(
  storageClass: StorageClass,
  old: StorageClass,
): FieldError[] {
  const errors: FieldError[] = []
  if (!deepEqual(storageClass.parameters ?? {}, old.parameters ?? {}))
    errors.push(forbidden('parameters', 'updates to parameters are forbidden.'))
  if (storageClass.provisioner !== old.provisioner)
    errors.push(forbidden('provisioner', 'updates to provisioner are forbidden.'))
  if (storageClass.reclaimPolicy !== old.reclaimPolicy)
    errors.push(forbidden('reclaimPolicy', 'updates to reclaimPolicy are forbidden.'))
  const { volumeBindingMode } = storageClass
  if (volumeBindingMode !== old.volumeBindingMode)
    errors.push(invalid('volumeBindingMode', volumeBindingMode, IMMUTABLE))
  return errors
}

export function validateVolumeAttributesClass({
  driverName,
  parameters,
}: VolumeAttributesClass): FieldError[] {
  return [
    ...validateProvisioner(driverName, 'driverName'),
    ...validateParameters(parameters, { mayBeEmpty: false }),
  ]
}

export function validateVolumeAttributesClassUpdate(
  { driverName, parameters }: VolumeAttributesClass,
  old: VolumeAttributesClass,
): FieldError[] {
  const errors: FieldError[] = []
  if (driverName !== old.driverName)
    errors.push(forbidden('driverName', 'updates to driverName are forbidden.'))
  if (!deepEqual(parameters ?? {}, old.parameters ?? {}))
    errors.push(forbidden('parameters', 'updates to parameters are forbidden.'))
  return errors
}
