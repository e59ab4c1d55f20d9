import type { FieldError } from '#kinds/definition.ts'
import type { CustomResourceSubresourceScale } from '#kinds/k8s/apiextensions.ts'
import { invalid, required } from '#kinds/validate/field-error.ts'

export function checkScale(scale: CustomResourceSubresourceScale, at: string): FieldError[] {
  const { specReplicasPath, statusReplicasPath, labelSelectorPath } = scale
  return [
    ...(specReplicasPath
      ? checkPath(specReplicasPath, `${at}.specReplicasPath`, '.spec')
      : [required(`${at}.specReplicasPath`)]),
    ...(statusReplicasPath
      ? checkPath(statusReplicasPath, `${at}.statusReplicasPath`, '.status')
      : [required(`${at}.statusReplicasPath`)]),
    ...(labelSelectorPath ? checkSelector(labelSelectorPath, `${at}.labelSelectorPath`) : []),
  ]
}

function checkPath(path: string, at: string, under: string): FieldError[] {
  if (!path.startsWith('.'))
    return [invalid(at, path, 'must be a simple json path starting with .')]
  return path.startsWith(`${under}.`)
    ? []
    : [invalid(at, path, `should be a json path under ${under}`)]
}

function checkSelector(path: string, at: string): FieldError[] {
  if (path.startsWith('.') && !path.startsWith('.spec.') && !path.startsWith('.status.'))
    return [invalid(at, path, 'should be a json path under either .status or .spec')]
  return path.startsWith('.')
    ? []
    : [invalid(at, path, 'must be a simple json path starting with .')]
}
