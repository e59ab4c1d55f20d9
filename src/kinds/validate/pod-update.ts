// What may change in the spec of a pod that exists: next to nothing.
import type { FieldError } from '../definition.ts'
import type { Container, PodSpec, Toleration } from '../k8s/core.ts'
import { validateImage } from './container.ts'
import { deepEqual } from './equal.ts'
import { forbidden, invalid } from './field-error.ts'
import { validateTolerations } from './tolerations.ts'
import { validateGatedPlacement, withPlacementOf } from './gated-pod.ts'

const CHANGEABLE =
  'pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)'
const CONTAINER_LISTS = ['containers', 'initContainers'] as const

export function validatePodUpdate(spec: PodSpec, old: PodSpec): FieldError[] {
  for (const list of CONTAINER_LISTS)
    if ((spec[list] ?? []).length !== (old[list] ?? []).length)
      return [forbidden(`spec.${list}`, 'pod updates may not add or remove containers')]
  const errors = CONTAINER_LISTS.flatMap((list) =>
    (spec[list] ?? []).flatMap(({ image }, index) =>
      validateImage(image, `spec.${list}[${index}].image`),
    ),
  )
  errors.push(
    ...validateDeadline(spec.activeDeadlineSeconds, old.activeDeadlineSeconds),
    ...validateAddedTolerations(spec.tolerations ?? [], old.tolerations ?? []),
    ...validateGates(spec, old),
  )
  const isGated = (old.schedulingGates?.length ?? 0) > 0
  if (isGated) errors.push(...validateGatedPlacement(spec, old))
  const kept = withoutChangeable(spec, old)
  const changed = changedFields(isGated ? withPlacementOf(kept, old) : kept, old)
  if (errors.length === 0 && changed.length > 0)
    errors.push(forbidden('spec', `${CHANGEABLE}\nchanged: ${changed.join(', ')}`))
  return errors
}

/** A deadline may be set or brought forward, never taken back. */
function validateDeadline(seconds: number | undefined, old: number | undefined): FieldError[] {
  const field = 'spec.activeDeadlineSeconds'
  if (old === undefined || seconds === old) return []
  if (seconds === undefined)
    return [invalid(field, seconds, 'must not update from a positive integer to nil value')]
  return seconds > old
    ? [invalid(field, seconds, 'must be less than or equal to previous value')]
    : []
}

const withoutSeconds = (toleration: Toleration): Toleration => ({
  ...toleration,
  tolerationSeconds: undefined,
})

function validateAddedTolerations(
  tolerations: readonly Toleration[],
  old: readonly Toleration[],
): FieldError[] {
  const kept = old.every((before) =>
    tolerations.some((after) => deepEqual(withoutSeconds(after), withoutSeconds(before))),
  )
  return kept
    ? validateTolerations(tolerations, 'spec.tolerations')
    : [
        forbidden(
          'spec.tolerations',
          'existing toleration can not be modified except its tolerationSeconds',
        ),
      ]
}

/** Gates hold a pod back from scheduling: they can be lifted, not put up. */
function validateGates(spec: PodSpec, old: PodSpec): FieldError[] {
  const before = new Set((old.schedulingGates ?? []).map(({ name }) => name))
  const added = (spec.schedulingGates ?? []).filter(({ name }) => !before.has(name))
  return added.length === 0
    ? []
    : [
        forbidden(
          'spec.schedulingGates',
          `only deletion is allowed, but found new scheduling gates '${added.map(({ name }) => name).join(',')}'`,
        ),
      ]
}

const withImagesOf = (containers: Container[] | undefined, old: Container[] | undefined) =>
  containers?.map((container, index) => ({ ...container, image: old?.[index]?.image }))

/** The new spec with everything that may change put back to what it was. */
function withoutChangeable(spec: PodSpec, old: PodSpec): PodSpec {
  const mayShorten =
    (old.terminationGracePeriodSeconds ?? 0) < 0 && spec.terminationGracePeriodSeconds === 1
  return {
    ...spec,
    containers: withImagesOf(spec.containers, old.containers) ?? [],
    initContainers: withImagesOf(spec.initContainers, old.initContainers),
    activeDeadlineSeconds: old.activeDeadlineSeconds,
    tolerations: old.tolerations,
    schedulingGates: old.schedulingGates,
    ...(mayShorten ? { terminationGracePeriodSeconds: old.terminationGracePeriodSeconds } : {}),
  }
}

function changedFields(spec: PodSpec, old: PodSpec): string[] {
  const keys = new Set([...Object.keys(spec), ...Object.keys(old)]) as Set<keyof PodSpec>
  return [...keys].filter((key) => !deepEqual(spec[key], old[key])).map((key) => `spec.${key}`)
}
