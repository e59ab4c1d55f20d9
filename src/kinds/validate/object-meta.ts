// What is wrong with an object's metadata, as ValidateObjectMeta of Kubernetes says it.
import type { FieldError } from '../definition.ts'
import type { KubeObject } from '../object.ts'
import type { ObjectMeta, OwnerReference } from '../k8s/meta.ts'
import type { NameRule } from '../names.ts'
import { checkDnsLabel, checkLabelValue, checkQualifiedName, nameChecks } from '../names.ts'
import { deepEqual } from './equal.ts'
import { forbidden, IMMUTABLE, invalid, invalidEach, required, tooLong } from './field-error.ts'

const ANNOTATIONS_BYTES_MAX = 256 * 1024
const STANDARD_FINALIZERS = new Set(['kubernetes', 'orphan', 'foregroundDeletion'])
const IMMUTABLE_FIELDS = [
  'name',
  'namespace',
  'uid',
  'creationTimestamp',
  'deletionTimestamp',
  'deletionGracePeriodSeconds',
] as const satisfies readonly (keyof ObjectMeta)[]

export interface MetaRules {
  namespaced: boolean
  nameRule: NameRule
}

export function validateObjectMeta(meta: ObjectMeta, rules: MetaRules): FieldError[] {
  return [...validateName(meta, rules), ...validateNamespace(meta, rules), ...validateRest(meta)]
}

function validateName(meta: ObjectMeta, { nameRule }: MetaRules): FieldError[] {
  const errors: FieldError[] = []
  const checkName = nameChecks[nameRule]
  if (meta.generateName) {
    // The last character may be a "-", which the generated part makes valid.
    const prefix = meta.generateName.replace(/-$/, 'a')
    errors.push(...invalidEach('metadata.generateName', meta.generateName, checkName(prefix)))
  }
  if (!meta.name) errors.push(required('metadata.name', 'name or generateName is required'))
  else errors.push(...invalidEach('metadata.name', meta.name, checkName(meta.name)))
  return errors
}

function validateNamespace(meta: ObjectMeta, { namespaced }: MetaRules): FieldError[] {
  if (!namespaced)
    return meta.namespace ? [forbidden('metadata.namespace', 'not allowed on this type')] : []
  if (!meta.namespace) return [required('metadata.namespace')]
  return invalidEach('metadata.namespace', meta.namespace, checkDnsLabel(meta.namespace))
}

function validateRest(meta: ObjectMeta): FieldError[] {
  return [
    ...validateLabels(meta.labels, 'metadata.labels'),
    ...validateAnnotations(meta.annotations, 'metadata.annotations'),
    ...validateOwners(meta.ownerReferences ?? []),
    ...(meta.finalizers ?? []).flatMap((finalizer) =>
      validateFinalizer(finalizer, 'metadata.finalizers'),
    ),
  ]
}

export function validateLabels(
  labels: Record<string, string> | undefined,
  field: string,
): FieldError[] {
  return Object.entries(labels ?? {}).flatMap(([key, value]) => [
    ...invalidEach(field, key, checkQualifiedName(key)),
    ...invalidEach(field, value, checkLabelValue(value)),
  ])
}

export function validateAnnotations(
  annotations: Record<string, string> | undefined,
  field: string,
): FieldError[] {
  let sizeBytes = 0
  const errors = Object.entries(annotations ?? {}).flatMap(([key, value]) => {
    sizeBytes += Buffer.byteLength(key) + Buffer.byteLength(value)
    return invalidEach(field, key, checkQualifiedName(key.toLowerCase()))
  })
  if (sizeBytes > ANNOTATIONS_BYTES_MAX) errors.push(tooLong(field, ANNOTATIONS_BYTES_MAX))
  return errors
}

function validateFinalizer(finalizer: string, field: string): FieldError[] {
  const errors = invalidEach(field, finalizer, checkQualifiedName(finalizer))
  if (errors.length === 0 && !finalizer.includes('/') && !STANDARD_FINALIZERS.has(finalizer))
    errors.push(
      invalid(
        field,
        finalizer,
        'name is neither a standard finalizer name nor is it fully qualified',
      ),
    )
  return errors
}

function validateOwners(owners: readonly OwnerReference[]): FieldError[] {
  const field = 'metadata.ownerReferences'
  const errors: FieldError[] = []
  let controller: OwnerReference | undefined
  for (const owner of owners) {
    if (!owner.apiVersion)
      errors.push(
        invalid(`${field}.apiVersion`, owner.apiVersion ?? '', 'version must not be empty'),
      )
    if (!owner.kind) errors.push(invalid(`${field}.kind`, owner.kind ?? '', 'must not be empty'))
    if (!owner.name) errors.push(invalid(`${field}.name`, owner.name ?? '', 'must not be empty'))
    if (!owner.uid) errors.push(invalid(`${field}.uid`, owner.uid ?? '', 'must not be empty'))
    if (!owner.controller) continue
    if (controller !== undefined)
      errors.push(
        invalid(
          field,
          owners,
          `Only one reference can have Controller set to true. Found "true" in references for ${controller.kind}/${controller.name} and ${owner.kind}/${owner.name}`,
        ),
      )
    controller = owner
  }
  return errors
}

/**
 * What of the metadata may not become so. Kubernetes runs this check twice (for any object and for
 * the kind) and reports both, so that each cause stands twice in the Status.
 */
export function validateObjectMetaUpdate(meta: ObjectMeta, old: ObjectMeta): FieldError[] {
  const once = [...immutableErrors(meta, old), ...validateRest(meta)]
  return [...once, ...once]
}

function immutableErrors(meta: ObjectMeta, old: ObjectMeta): FieldError[] {
  const errors: FieldError[] = []
  if (old.deletionTimestamp !== undefined) {
    const known = new Set(old.finalizers)
    const added = (meta.finalizers ?? []).filter((finalizer) => !known.has(finalizer))
    if (added.length > 0) {
      const list = added.map((finalizer) => JSON.stringify(finalizer)).join(', ')
      errors.push(
        forbidden(
          'metadata.finalizers',
          `no new finalizers can be added if the object is being deleted, found new finalizers []string{${list}}`,
        ),
      )
    }
  }
  for (const key of IMMUTABLE_FIELDS)
    if (meta[key] !== undefined && !deepEqual(meta[key], old[key]))
      errors.push(invalid(`metadata.${key}`, meta[key], IMMUTABLE))
  return errors
}

/** The check of every kind: its metadata, on create and on update. */
export function validateMetadata(
  object: KubeObject,
  old: KubeObject | undefined,
  rules: MetaRules,
): FieldError[] {
  return old === undefined
    ? validateObjectMeta(object.metadata, rules)
    : validateObjectMetaUpdate(object.metadata, old.metadata)
}
