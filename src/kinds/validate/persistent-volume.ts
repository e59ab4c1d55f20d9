// Volumes: ValidatePersistentVolume and its kin in k8s.io/kubernetes pkg/apis/core/validation.
import { posix } from 'node:path'
import type { FieldError } from '../definition.ts'
import type { PersistentVolume, PersistentVolumeSpec } from '../k8s/core.ts'
import { checkDnsSubdomain } from '../names.ts'
import { deepEqual } from './equal.ts'
import {
  forbidden,
  IMMUTABLE,
  invalid,
  invalidEach,
  notSupported,
  oneOf,
  required,
} from './field-error.ts'
import { goDiff } from './go-diff.ts'
import { validateVolumeNodeAffinity } from './affinity.ts'
import type { SourceName } from './persistent-volume-source.ts'
import { sourcesOf, validateVolumeSource } from './persistent-volume-source.ts'
import { validateAccessModes, validatePositive, VOLUME_MODES } from './storage.ts'

const RECLAIM_POLICIES = ['Delete', 'Recycle', 'Retain']

export function validateVolume(
  { spec }: PersistentVolume,
  old: PersistentVolume | undefined,
): FieldError[] {
  return [
    ...validateSpec(spec, 'spec'),
    ...(old === undefined ? [] : validateUpdate(spec, old.spec)),
  ]
}

function validateSpec(spec: PersistentVolumeSpec, field: string): FieldError[] {
  const { accessModes = [], nodeAffinity, storageClassName, volumeAttributesClassName } = spec
  const errors: FieldError[] = []
  if (accessModes.length === 0) errors.push(required(`${field}.accessModes`))
  errors.push(
    ...validateAccessModes(accessModes, `${field}.accessModes`),
    ...validateCapacity(spec, `${field}.capacity`),
    ...oneOf(
      `${field}.persistentVolumeReclaimPolicy`,
      spec.persistentVolumeReclaimPolicy,
      RECLAIM_POLICIES,
    ),
  )
  if (nodeAffinity !== undefined)
    errors.push(...validateVolumeNodeAffinity(nodeAffinity, `${field}.nodeAffinity`))
  errors.push(...validateSources(spec, field))
  const classes = { storageClassName, volumeAttributesClassName }
  for (const [key, name] of Object.entries(classes))
    if (name) errors.push(...invalidEach(`${field}.${key}`, name, checkDnsSubdomain(name)))
  errors.push(...oneOf(`${field}.volumeMode`, spec.volumeMode, VOLUME_MODES))
  return errors
}

function validateCapacity({ capacity = {} }: PersistentVolumeSpec, field: string): FieldError[] {
  const names = Object.keys(capacity)
  const errors = names.length === 0 ? [required(field)] : []
  if (!names.includes('storage') || names.length > 1)
    errors.push(notSupported(field, capacity, ['storage']))
  return [
    ...errors,
    ...Object.entries(capacity).flatMap(([name, amount]) =>
      validatePositive(`${field}[${name}]`, amount),
    ),
  ]
}

function validateSources(spec: PersistentVolumeSpec, field: string): FieldError[] {
  const [first, ...others] = sourcesOf(spec)
  if (first === undefined) return [required(field, 'must specify a volume type')]
  const errors = validateVolumeSource(spec, first, `${field}.${first}`)
  if (first === 'local' && spec.nodeAffinity?.required === undefined)
    errors.push(required(`${field}.nodeAffinity`, 'Local volume requires node affinity'))
  for (const other of others)
    errors.push(forbidden(`${field}.${other}`, 'may not specify more than 1 volume type'))
  const isRoot = first === 'hostPath' && posix.normalize(spec.hostPath?.path ?? '') === '/'
  if (isRoot && spec.persistentVolumeReclaimPolicy === 'Recycle')
    errors.push(
      forbidden(
        `${field}.persistentVolumeReclaimPolicy`,
        "may not be 'recycle' for a hostPath mount of '/'",
      ),
    )
  return errors
}

/** Of each source the new or the old one has; null where it has none. */
const sourceOf = (spec: PersistentVolumeSpec, names: readonly SourceName[]) =>
  Object.fromEntries(names.map((name) => [name, spec[name] ?? null]))

function validateUpdate(spec: PersistentVolumeSpec, old: PersistentVolumeSpec): FieldError[] {
  const errors: FieldError[] = []
  const names = [...new Set([...sourcesOf(spec), ...sourcesOf(old)])]
  const changed = names.filter((name) => !deepEqual(spec[name], old[name]))
  if (changed.length > 0)
    errors.push(
      forbidden(
        'spec.persistentvolumesource',
        `spec.persistentvolumesource is immutable after creation\n${goDiff(sourceOf(old, changed), sourceOf(spec, changed))}`,
      ),
    )
  if (spec.volumeMode !== old.volumeMode)
    errors.push(invalid('volumeMode', spec.volumeMode, IMMUTABLE))
  if (old.nodeAffinity !== undefined && !deepEqual(spec.nodeAffinity, old.nodeAffinity))
    errors.push(
      invalid(
        'nodeAffinity',
        spec.nodeAffinity,
        'field is immutable, except for updating from beta label to GA',
      ),
    )
  return errors
}
