// Volumes of a pod: one source each, whose own fields are complete.
import type { FieldError } from '../definition.ts'
import type {
  DownwardAPIVolumeFile,
  KeyToPath,
  ProjectedVolumeSource,
  Volume,
  VolumeProjection,
} from '../k8s/core.ts'
import { checkDnsLabel } from '../names.ts'
import { parseQuantity } from '../quantity.ts'
import { duplicate, forbidden, invalid, invalidEach, oneOf, required } from './field-error.ts'
import { validateFieldRef, validateResourceField, VOLUME_FIELDS } from './environment.ts'

const MODE_MAX = 0o777
const TOKEN_SECONDS_MIN = 600
const TOKEN_SECONDS_MAX = 2 ** 32
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

const needed = (value: string | undefined, field: string): FieldError[] =>
  value ? [] : [required(field)]

function validateMode(mode: number | undefined, field: string): FieldError[] {
  if (mode === undefined || (mode >= 0 && mode <= MODE_MAX)) return []
  return [invalid(field, mode, 'must be a number between 0 and 0777 (octal), both inclusive')]
}

const hasBackstep = (path: string): boolean => path.split('/').includes('..')

export function validateRelativePath(path: string, field: string): FieldError[] {
  const errors: FieldError[] = []
  if (path.startsWith('/')) errors.push(invalid(field, path, 'must be a relative path'))
  if (hasBackstep(path)) errors.push(invalid(field, path, "must not contain '..'"))
  return errors
}

function validateFilePath(path: string | undefined, field: string): FieldError[] {
  if (!path) return [required(field)]
  const errors = validateRelativePath(path, field)
  if (path.startsWith('..') && !hasBackstep(path))
    errors.push(invalid(field, path, "must not start with '..'"))
  return errors
}

function validateItems(items: readonly KeyToPath[], field: string): FieldError[] {
  return items.flatMap(({ key, path, mode }, index) => [
    ...needed(key, `${field}[${index}].key`),
    ...validateFilePath(path, `${field}[${index}].path`),
    ...validateMode(mode, `${field}[${index}].mode`),
  ])
}

function validateDownwardFiles(
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

/** The paths that a source takes for itself, each with what a conflict is told of. */
function projectedPaths(source: VolumeProjection): [path: string, name: string | undefined][] {
  const { secret, configMap, downwardAPI, serviceAccountToken } = source
  const all: [string, string | undefined][] = [
    ...[secret, configMap].flatMap((from) =>
      (from?.items ?? []).map(({ path }): [string, string | undefined] => [path, from?.name]),
    ),
    ...(downwardAPI?.items ?? []).map(({ path }): [string, string] => [path, path]),
  ]
  if (serviceAccountToken !== undefined)
    all.push([serviceAccountToken.path, serviceAccountToken.path])
  return all.filter(([path]) => path)
}

function validateProjected({ defaultMode, sources }: ProjectedVolumeSource, field: string) {
  const errors = validateMode(defaultMode, `${field}.defaultMode`)
  const taken = new Set<string>()
  for (const [index, source] of (sources ?? []).entries()) {
    const at = `${field}.sources[${index}]`
    const given = Object.keys(source).filter(
      (name) => source[name as keyof typeof source] !== undefined,
    )
    for (const name of given.slice(1))
      errors.push(forbidden(`${at}.${name}`, 'may not specify more than 1 volume type'))
    const { secret, configMap, downwardAPI, serviceAccountToken } = source
    for (const [path, name] of projectedPaths(source)) {
      if (taken.has(path)) errors.push(invalid(field, name, 'conflicting duplicate paths'))
      taken.add(path)
    }
    if (secret !== undefined)
      errors.push(
        ...needed(secret.name, `${at}.secret.name`),
        ...validateItems(secret.items ?? [], `${at}.secret.items`),
      )
    if (configMap !== undefined)
      errors.push(
        ...needed(configMap.name, `${at}.configMap.name`),
        ...validateItems(configMap.items ?? [], `${at}.configMap.items`),
      )
    if (downwardAPI !== undefined)
      errors.push(...validateDownwardFiles(downwardAPI.items ?? [], `${at}.downwardAPI.items`))
    if (serviceAccountToken !== undefined)
      errors.push(...validateToken(serviceAccountToken, `${at}.serviceAccountToken`))
  }
  return errors
}

function validateToken(
  { expirationSeconds, path }: { expirationSeconds?: number | undefined; path: string },
  field: string,
): FieldError[] {
  const errors: FieldError[] = []
  const at = `${field}.expirationSeconds`
  if (expirationSeconds !== undefined && expirationSeconds < TOKEN_SECONDS_MIN)
    errors.push(invalid(at, expirationSeconds, 'may not specify a duration less than 10 minutes'))
  if (expirationSeconds !== undefined && expirationSeconds > TOKEN_SECONDS_MAX)
    errors.push(
      invalid(at, expirationSeconds, 'may not specify a duration larger than 2^32 seconds'),
    )
  return [...errors, ...validateFilePath(path, `${field}.path`)]
}

type SourceName = Exclude<keyof Volume, 'name'>
type Rules = {
  readonly [Name in SourceName]?: (source: NonNullable<Volume[Name]>, field: string) => FieldError[]
}

/** Sources of other names are accepted as they are; whoever mounts them judges them. */
const SOURCE_RULES: Rules = {
  emptyDir: ({ sizeLimit }, field) =>
    sizeLimit !== undefined && parseQuantity(sizeLimit).nanos < 0n
      ? [forbidden(`${field}.sizeLimit`, 'SizeLimit field must be a valid resource quantity')]
      : [],
  hostPath: ({ path, type }, field) => [
    ...needed(path, `${field}.path`),
    ...(hasBackstep(path ?? '') ? [invalid(`${field}.path`, path, "must not contain '..'")] : []),
    ...oneOf(`${field}.type`, type, HOST_PATH_TYPES),
  ],
  secret: ({ secretName, items, defaultMode }, field) => [
    ...needed(secretName, `${field}.secretName`),
    ...validateMode(defaultMode, `${field}.defaultMode`),
    ...validateItems(items ?? [], `${field}.items`),
  ],
  configMap: ({ name, items, defaultMode }, field) => [
    ...needed(name, `${field}.name`),
    ...validateMode(defaultMode, `${field}.defaultMode`),
    ...validateItems(items ?? [], `${field}.items`),
  ],
  downwardAPI: ({ items, defaultMode }, field) => [
    ...validateMode(defaultMode, `${field}.defaultMode`),
    ...validateDownwardFiles(items ?? [], `${field}.items`),
  ],
  projected: validateProjected,
  persistentVolumeClaim: ({ claimName }, field) => needed(claimName, `${field}.claimName`),
  nfs: ({ server, path }, field) => [
    ...needed(server, `${field}.server`),
    ...needed(path, `${field}.path`),
    ...(path && !path.startsWith('/')
      ? [invalid(`${field}.path`, path, 'must be an absolute path')]
      : []),
  ],
  csi: ({ driver }, field) => needed(driver, `${field}.driver`),
  image: ({ reference, pullPolicy }, field) => [
    ...needed(reference, `${field}.reference`),
    ...oneOf(`${field}.pullPolicy`, pullPolicy, ['Always', 'IfNotPresent', 'Never']),
  ],
}

function validateSource(volume: Volume, field: string): FieldError[] {
  const { name: _, ...sources } = volume
  const given = (Object.keys(sources) as SourceName[]).filter(
    (source) => volume[source] !== undefined,
  )
  const [first, ...others] = given
  if (first === undefined) return [required(field, 'must specify a volume type')]
  // The table pairs each name with the rule for its own type, which the index loses.
  const rule = SOURCE_RULES[first] as ((source: unknown, field: string) => FieldError[]) | undefined
  return [
    ...(rule?.(volume[first], `${field}.${first}`) ?? []),
    ...others.map((source) =>
      forbidden(`${field}.${source}`, 'may not specify more than 1 volume type'),
    ),
  ]
}

export function validateVolumes(volumes: readonly Volume[], field: string): FieldError[] {
  const names = new Set<string>()
  return volumes.flatMap((volume, index) => {
    const at = `${field}[${index}]`
    const errors = validateSource(volume, at)
    if (!volume.name) errors.push(required(`${at}.name`))
    else errors.push(...invalidEach(`${at}.name`, volume.name, checkDnsLabel(volume.name)))
    if (names.has(volume.name)) errors.push(duplicate(`${at}.name`, volume.name))
    names.add(volume.name)
    return errors
  })
}
