// Containers added to a running pod to look into it: they may do less than others.
import type { FieldError } from '../definition.ts'
import type { EphemeralContainer, PodSpec } from '../k8s/core.ts'
import { checkDnsLabel } from '../names.ts'
import { validateImage, validateCommon } from './container.ts'
import { duplicate, forbidden, invalidEach, notFoundValue, required } from './field-error.ts'

/** Nobody relies on such a container: it serves nothing, and takes nothing for itself. */
const NOT_ALLOWED = [
  'ports',
  'resources',
  'resizePolicy',
  'restartPolicy',
  'restartPolicyRules',
  'livenessProbe',
  'readinessProbe',
  'startupProbe',
  'lifecycle',
] as const satisfies readonly (keyof EphemeralContainer)[]
const REFUSED = 'cannot be set for an Ephemeral Container'

/** An empty object is what defaults made of nothing. */
const isSet = (value: unknown): boolean =>
  typeof value === 'object' && value !== null
    ? Object.keys(value).length > 0
    : value !== undefined && value !== ''

export function validateEphemeralContainers(spec: PodSpec, field: string): FieldError[] {
  const others = [...(spec.containers ?? []), ...(spec.initContainers ?? [])]
  const otherNames = new Set(others.map(({ name }) => name))
  const names = new Set(otherNames)
  return (spec.ephemeralContainers ?? []).flatMap((container, index) => {
    const at = `${field}[${index}]`
    const { name, targetContainerName, volumeMounts = [] } = container
    const errors = [
      ...(name ? invalidEach(`${at}.name`, name, checkDnsLabel(name)) : [required(`${at}.name`)]),
      ...validateImage(container.image, `${at}.image`),
      ...validateCommon(container, at, {
        volumeNames: new Set((spec.volumes ?? []).map((volume) => volume.name)),
        hostNetwork: spec.hostNetwork ?? false,
        graceSeconds: spec.terminationGracePeriodSeconds,
        osName: spec.os?.name,
      }),
    ]
    if (names.has(name)) errors.push(duplicate(`${at}.name`, name))
    names.add(name)
    if (targetContainerName && !otherNames.has(targetContainerName))
      errors.push(notFoundValue(`${at}.targetContainerName`, targetContainerName))
    for (const key of NOT_ALLOWED)
      if (isSet(container[key])) errors.push(forbidden(`${at}.${key}`, REFUSED))
    for (const [mountIndex, mount] of volumeMounts.entries())
      for (const key of ['subPath', 'subPathExpr'] as const)
        if (mount[key]) errors.push(forbidden(`${at}.volumeMounts[${mountIndex}].${key}`, REFUSED))
    return errors
  })
}
