// Where a container mounts the volumes of its pod.
import type { FieldError } from '../definition.ts'
import type { Container, VolumeMount } from '../k8s/core.ts'
import { forbidden, invalid, notFoundValue, notSupported, required } from './field-error.ts'
import { validateRelativePath } from './volume-files.ts'

const PROPAGATIONS = ['Bidirectional', 'HostToContainer', 'None']
const RECURSIONS = ['Disabled', 'Enabled', 'IfPossible']

function validateSubPath({ subPath, subPathExpr }: VolumeMount, at: string): FieldError[] {
  const errors: FieldError[] = []
  if (subPath) errors.push(...validateRelativePath(subPath, `${at}.subPath`))
  if (!subPathExpr) return errors
  const field = `${at}.subPathExpr`
  if (subPath)
    errors.push(invalid(field, subPathExpr, 'subPathExpr and subPath are mutually exclusive'))
  return [...errors, ...validateRelativePath(subPathExpr, field)]
}

function validatePropagation(
  { mountPropagation }: VolumeMount,
  field: string,
  isPrivileged: boolean,
): FieldError[] {
  if (mountPropagation === undefined) return []
  if (!PROPAGATIONS.includes(mountPropagation))
    return [notSupported(field, mountPropagation, PROPAGATIONS)]
  const why = 'Bidirectional mount propagation is available only to privileged containers'
  return mountPropagation === 'Bidirectional' && !isPrivileged ? [forbidden(field, why)] : []
}

function validateRecursion(mount: VolumeMount, field: string): FieldError[] {
  const { recursiveReadOnly, readOnly = false, mountPropagation = 'None' } = mount
  if (recursiveReadOnly === undefined || recursiveReadOnly === 'Disabled') return []
  if (!RECURSIONS.includes(recursiveReadOnly))
    return [notSupported(field, recursiveReadOnly, RECURSIONS)]
  const errors: FieldError[] = []
  if (!readOnly) errors.push(forbidden(field, 'may only be specified when readOnly is true'))
  if (mountPropagation !== 'None')
    errors.push(
      forbidden(field, 'may only be specified when mountPropagation is None or not specified'),
    )
  return errors
}

export function validateVolumeMounts(
  { volumeMounts = [], securityContext }: Container,
  field: string,
  volumeNames: ReadonlySet<string>,
): FieldError[] {
  const isPrivileged = securityContext?.privileged ?? false
  const paths = new Set<string>()
  return volumeMounts.flatMap((mount, index) => {
    const at = `${field}[${index}]`
    const errors: FieldError[] = []
    if (!mount.name) errors.push(required(`${at}.name`))
    else if (!volumeNames.has(mount.name)) errors.push(notFoundValue(`${at}.name`, mount.name))
    if (!mount.mountPath) errors.push(required(`${at}.mountPath`))
    if (paths.has(mount.mountPath))
      errors.push(invalid(`${at}.mountPath`, mount.mountPath, 'must be unique'))
    paths.add(mount.mountPath)
    return [
      ...errors,
      ...validateSubPath(mount, at),
      ...validatePropagation(mount, `${at}.mountPropagation`, isPrivileged),
      ...validateRecursion(mount, `${at}.recursiveReadOnly`),
    ]
  })
}
