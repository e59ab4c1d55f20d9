// Files in volumes: their paths, their modes, and what each is made of.
import type { FieldError } from '../definition.ts'
import type { DownwardAPIVolumeFile, KeyToPath } from '../k8s/core.ts'
import { validateFieldRef, validateResourceField, VOLUME_FIELDS } from './environment.ts'
import { invalid, required } from './field-error.ts'

const MODE_MAX = 0o777
export const HOST_PATH_TYPES = [
  '',
  'BlockDevice',
  'CharDevice',
  'Directory',
  'DirectoryOrCreate',
  'File',
  'FileOrCreate',
  'Socket',
]

const BOTH_REFS = 'fieldRef and resourceFieldRef can not be specified simultaneously'

export const needed = (value: string | undefined, field: string): FieldError[] =>
  value ? [] : [required(field)]

export function validateMode(mode: number | undefined, field: string): FieldError[] {
  if (mode === undefined || (mode >= 0 && mode <= MODE_MAX)) return []
  return [invalid(field, mode, 'must be a number between 0 and 0777 (octal), both inclusive')]
}

export const hasBackstep = (path: string): boolean => path.split('/').includes('..')

export function validateRelativePath(path: string, field: string): FieldError[] {
  const errors: FieldError[] = []
  if (path.startsWith('/')) errors.push(invalid(field, path, 'must be a relative path'))
  if (hasBackstep(path)) errors.push(invalid(field, path, "must not contain '..'"))
  return errors
}

export function validateFilePath(path: string | undefined, field: string): FieldError[] {
  if (!path) return [required(field)]
  const errors = validateRelativePath(path, field)
  if (path.startsWith('..') && !hasBackstep(path))
    errors.push(invalid(field, path, "must not start with '..'"))
  return errors
}

export function validateItems(items: readonly KeyToPath[], field: string): FieldError[] {
  return items.flatMap(({ key, path, mode }, index) => [
    ...needed(key, `${field}[${index}].key`),
    ...validateFilePath(path, `${field}[${index}].path`),
    ...validateMode(mode, `${field}[${index}].mode`),
  ])
}

export function validateDownwardFiles(
  files: readonly DownwardAPIVolumeFile[],
  field: string,
): FieldError[] {
  return files.flatMap(({ path, fieldRef, resourceFieldRef, mode }, index) => {
    const at = `${field}[${index}]`
    const errors = validateFilePath(path, `${at}.path`)
    if (fieldRef !== undefined)
      errors.push(...validateFieldRef(fieldRef, `${at}.fieldRef`, VOLUME_FIELDS))
    if (fieldRef === undefined && resourceFieldRef === undefined)
      errors.push(required(at, 'one of fieldRef and resourceFieldRef is required'))
    if (fieldRef !== undefined && resourceFieldRef !== undefined)
      return [...errors, invalid(at, 'resource', BOTH_REFS), ...validateMode(mode, `${at}.mode`)]
    if (resourceFieldRef !== undefined)
      errors.push(
        ...needed(resourceFieldRef.containerName, `${at}.resourceFieldRef.containerName`),
        ...validateResourceField(resourceFieldRef, `${at}.resourceFieldRef`),
      )
    return [...errors, ...validateMode(mode, `${at}.mode`)]
  })
}
