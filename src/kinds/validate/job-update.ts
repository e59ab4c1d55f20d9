// What may change of a job that exists.
import type { FieldError } from '../definition.ts'
import type { Job, JobSpec } from '../k8s/batch.ts'
import type { Container, PodTemplateSpec } from '../k8s/core.ts'
import { deepEqual } from './equal.ts'
import { IMMUTABLE, invalid } from './field-error.ts'

const IMMUTABLE_FIELDS = [
  'completionMode',
  'podFailurePolicy',
  'backoffLimitPerIndex',
  'managedBy',
  'successPolicy',
] as const satisfies readonly (keyof JobSpec)[]

export function validateJobUpdate({ spec }: Job, old: Job): FieldError[] {
  const errors = validateCompletionsUpdate(spec, old.spec)
  if (!deepEqual(spec.selector, old.spec.selector))
    errors.push(invalid('spec.selector', spec.selector, IMMUTABLE))
  const template = spec.template ?? {}
  if (!deepEqual(template, changeable(template, old)))
    errors.push(invalid('spec.template', template, IMMUTABLE))
  for (const key of IMMUTABLE_FIELDS)
    if (!deepEqual(spec[key], old.spec[key]))
      errors.push(invalid(`spec.${key}`, spec[key], IMMUTABLE))
  return errors
}

/** An indexed job may grow and shrink, as long as all of its pods run at once. */
function validateCompletionsUpdate(spec: JobSpec, old: JobSpec): FieldError[] {
  const { completions, completionMode, parallelism } = spec
  if (completions === old.completions) return []
  if (completionMode !== 'Indexed') return [invalid('spec.completions', completions, IMMUTABLE)]
  if (completions === undefined || completions === parallelism) return []
  return [
    invalid(
      'spec.completions',
      completions,
      'can only be modified in tandem with spec.parallelism',
    ),
  ]
}

/** The old template with everything taken from the new one that may still be chosen. */
function changeable(template: PodTemplateSpec, { spec, status }: Job): PodTemplateSpec {
  const old = spec.template ?? {}
  if (spec.suspend !== true || (status?.active ?? 0) > 0) return old
  const withResources = { ...old, spec: withResourcesOf(old, template) }
  return status?.startTime === undefined ? withPlacementOf(withResources, template) : withResources
}

/** A job that waits may be given more or less (KEP-5440). */
function withResourcesOf(old: PodTemplateSpec, template: PodTemplateSpec): PodTemplateSpec['spec'] {
  if (old.spec === undefined) return undefined
  const merged = (list: Container[] | undefined, other: Container[] | undefined) =>
    list?.map((container, index) => {
      const { resources } = other?.[index] ?? {}
      return { ...container, resources }
    })
  return {
    ...old.spec,
    containers: merged(old.spec.containers, template.spec?.containers) ?? [],
    initContainers: merged(old.spec.initContainers, template.spec?.initContainers),
  }
}

/** A job that has not run yet may be sent elsewhere (KEP-2926). */
function withPlacementOf(old: PodTemplateSpec, template: PodTemplateSpec): PodTemplateSpec {
  const { annotations, labels } = template.metadata ?? {}
  const { nodeSelector, tolerations, schedulingGates, affinity } = template.spec ?? {}
  const { nodeAffinity: _, ...others } = old.spec?.affinity ?? {}
  const isCleared = affinity === undefined && Object.keys(others).length === 0
  return {
    ...old,
    metadata: { ...old.metadata, annotations, labels },
    ...(old.spec === undefined
      ? {}
      : {
          spec: {
            ...old.spec,
            nodeSelector,
            tolerations,
            schedulingGates,
            affinity: isCleared ? undefined : { ...others, nodeAffinity: affinity?.nodeAffinity },
          },
        }),
  }
}
