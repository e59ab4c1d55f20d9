// Volumes of a pod: one source each, whose own fields are complete.
import type { FieldError } from '../definition.ts'
import type { PersistentVolumeClaimTemplate, Volume } from '../k8s/core.ts'
import { checkDnsLabel } from '../names.ts'
import { parseQuantity } from '../quantity.ts'
import { duplicate, forbidden, invalid, invalidEach, oneOf, required } from './field-error.ts'
import { validateAnnotations, validateLabels } from './object-meta.ts'
import { validateClaimSpec } from './persistent-volume-claim.ts'
import { validateDriverName } from './persistent-volume-source.ts'
import { validateProjected } from './projected-volume.ts'
import { validateVolumeDriver } from './volume-driver.ts'
import {
  hasBackstep,
  HOST_PATH_TYPES,
  needed,
  validateDownwardFiles,
  validateItems,
  validateMode,
  validateRelativePath,
} from './volume-files.ts'

type SourceName = Exclude<keyof Volume, 'name'>
type Rules = {
  readonly [Name in SourceName]?: (source: NonNullable<Volume[Name]>, field: string) => FieldError[]
}

/** A claim that comes and goes with the pod: its name is the pod's to give. */
function validateTemplate(
  template: PersistentVolumeClaimTemplate | undefined,
  field: string,
): FieldError[] {
  const at = `${field}.volumeClaimTemplate`
  if (template === undefined) return [required(at)]
  const { labels, annotations, ...others } = template.metadata ?? {}
  const given = Object.values(others).some((value) => value !== undefined && value !== '')
  return [
    ...validateLabels(labels, `${at}.metadata.labels`),
    ...validateAnnotations(annotations, `${at}.metadata.annotations`),
    ...(given ? [forbidden(`${at}.metadata`, 'may only specify labels and annotations')] : []),
    ...validateClaimSpec(template.spec, `${at}.spec`),
  ]
}

/** Sources that are not here are storage systems (volume-driver.ts). */
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
  csi: ({ driver, nodePublishSecretRef }, field) => [
    ...validateDriverName(driver, `${field}.driver`),
    ...(nodePublishSecretRef && !nodePublishSecretRef.name
      ? [required(`${field}.nodePublishSecretRef.name`)]
      : []),
  ],
  ephemeral: ({ volumeClaimTemplate }, field) => validateTemplate(volumeClaimTemplate, field),
  gitRepo: ({ repository, directory }, field) => [
    ...needed(repository, `${field}.repository`),
    ...validateRelativePath(directory ?? '', `${field}.directory`),
  ],
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
  const at = `${field}.${first}`
  return [
    ...(rule?.(volume[first], at) ?? validateVolumeDriver(first, volume[first]!, at)),
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
