import type { PriorityClass } from './k8s/scheduling.ts'
import type { FieldError } from './definition.ts'
import { ageColumn, column, nameColumn } from './columns.ts'
import { defineKind } from './define-kind.ts'
import { priorityClasses } from './refs.ts'
import { forbidden, IMMUTABLE, invalid, oneOf } from './validate/field-error.ts'

export type { PriorityClass } from './k8s/scheduling.ts'

/** Above it live the classes that Kubernetes itself makes. */
const USER_VALUE_MAX = 1_000_000_000
const SYSTEM_PREFIX = 'system-'

/** The classes every cluster has from its start. */
export const SYSTEM_PRIORITY_CLASSES: Readonly<Record<string, number>> = {
  'system-cluster-critical': 2_000_000_000,
  'system-node-critical': 2_000_001_000,
}

export const priorityClassKind = defineKind<PriorityClass>({
  ref: priorityClasses,
  schema: 'io.k8s.api.scheduling.v1.PriorityClass',
  shortNames: ['pc'],
  hasGeneration: true,
  defaults(priorityClass) {
    priorityClass.value ??= 0
    if (!priorityClass.preemptionPolicy) priorityClass.preemptionPolicy = 'PreemptLowerPriority'
  },
  validate: (priorityClass, old) => [
    ...validateValue(priorityClass),
    ...oneOf('preemptionPolicy', priorityClass.preemptionPolicy, ['Never', 'PreemptLowerPriority']),
    ...(old === undefined ? [] : validateUpdate(priorityClass, old)),
  ],
  columns: [
    nameColumn,
    column('Value', 'Priority of pods of this class.', ({ value }) => value ?? 0, 'integer'),
    column(
      'Global-Default',
      'Whether pods without a class belong to it.',
      ({ globalDefault }) => globalDefault ?? false,
      'boolean',
    ),
    ageColumn,
    column(
      'PreemptionPolicy',
      'Whether its pods may displace others.',
      ({ preemptionPolicy }) => preemptionPolicy ?? '',
    ),
  ],
})

function validateValue({ metadata, value }: PriorityClass): FieldError[] {
  if (metadata.name?.startsWith(SYSTEM_PREFIX)) {
    if (SYSTEM_PRIORITY_CLASSES[metadata.name] === value) return []
    return [
      forbidden(
        'metadata.name',
        `priority class names with '${SYSTEM_PREFIX}' prefix are reserved for system use only. error: ${metadata.name} is not a known system priority class`,
      ),
    ]
  }
  if ((value ?? 0) <= USER_VALUE_MAX) return []
  return [
    forbidden('value', `maximum allowed value of a user defined priority is ${USER_VALUE_MAX}`),
  ]
}

function validateUpdate(priorityClass: PriorityClass, old: PriorityClass): FieldError[] {
  const errors: FieldError[] = []
  if (priorityClass.value !== old.value)
    errors.push(forbidden('value', 'may not be changed in an update.'))
  if (priorityClass.preemptionPolicy !== old.preemptionPolicy)
    errors.push(invalid('preemptionPolicy', priorityClass.preemptionPolicy, IMMUTABLE))
  return errors
}
