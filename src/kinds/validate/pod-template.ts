// The template and selector of a kind that owns pods which run for ever.
import type { FieldError } from '../definition.ts'
import type { PodTemplateSpec } from '../k8s/core.ts'
import type { LabelSelector } from '../k8s/meta.ts'
import { isEmptySelector, matchesLabelSelector } from '../label-selector.ts'
import { deepEqual } from './equal.ts'
import {
  forbidden,
  IMMUTABLE,
  invalid,
  notSupported,
  required,
  labelsNotMatched,
} from './field-error.ts'
import { validateLabelSelector } from './label-selector.ts'
import { validateAnnotations, validateLabels } from './object-meta.ts'
import { validatePodSpec } from './pod-spec.ts'

export interface TemplateOwner {
  selector: LabelSelector | undefined
  template: PodTemplateSpec | undefined
  /** As messages name the kind: "deployment". */
  kind: string
  /** As the message about a deadline names it; a Deployment speaks of its ReplicaSet. */
  owner?: string
}

export function validateSelectorAndTemplate({
  selector,
  template,
  kind,
  owner = 'ReplicaSet',
}: TemplateOwner): FieldError[] {
  const errors: FieldError[] = []
  if (selector === undefined) errors.push(required('spec.selector'))
  else {
    errors.push(...validateLabelSelector(selector, 'spec.selector'))
    if (isSafe(errors) && isEmptySelector(selector))
      errors.push(invalid('spec.selector', selector, `empty selector is invalid for ${kind}`))
  }
  if (template === undefined) return [...errors, required('spec.template')]
  if (
    selector !== undefined &&
    isSafe(errors) &&
    !matchesLabelSelector(selector, template.metadata?.labels)
  )
    errors.push(labelsNotMatched('spec.template.metadata.labels', template.metadata?.labels))
  return [
    ...errors,
    ...validateTemplate(template, 'spec.template'),
    ...validateEndless(template, 'spec.template', owner),
  ]
}

/** A selector with an unknown operator cannot be evaluated. */
const isSafe = (errors: readonly FieldError[]): boolean => errors.length === 0

/** The metadata of a template, without its pod. */
export function validateTemplateMetadata(
  { metadata }: PodTemplateSpec,
  field: string,
): FieldError[] {
  return [
    ...validateLabels(metadata?.labels, `${field}.labels`),
    ...validateAnnotations(metadata?.annotations, `${field}.annotations`),
  ]
}

/** A template of any kind of pod. */
export function validateTemplate(template: PodTemplateSpec, field: string): FieldError[] {
  const errors = [
    ...validateTemplateMetadata(template, field),
    ...validatePodSpec(template.spec ?? { containers: [] }, `${field}.spec`),
  ]
  if (template.spec?.ephemeralContainers?.length)
    errors.push(
      forbidden(
        `${field}.spec.ephemeralContainers`,
        'ephemeral containers not allowed in pod template',
      ),
    )
  return errors
}

/** What holds for pods that are to run for ever. */
export function validateEndless(
  { spec }: PodTemplateSpec,
  field: string,
  owner: string,
): FieldError[] {
  const errors: FieldError[] = []
  const { restartPolicy, activeDeadlineSeconds } = spec ?? {}
  if (restartPolicy !== undefined && restartPolicy !== 'Always')
    errors.push(notSupported(`${field}.spec.restartPolicy`, restartPolicy, ['Always']))
  if (activeDeadlineSeconds !== undefined)
    errors.push(
      forbidden(
        `${field}.spec.activeDeadlineSeconds`,
        `activeDeadlineSeconds in ${owner} is not Supported`,
      ),
    )
  return errors
}

export function validateImmutableSelector(
  selector: LabelSelector | undefined,
  old: LabelSelector | undefined,
): FieldError[] {
  return deepEqual(selector, old) ? [] : [invalid('spec.selector', selector, IMMUTABLE)]
}
