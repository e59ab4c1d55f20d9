// Where the bytes of a volume are: one of many kinds of storage.
import type { FieldError } from '../definition.ts'
import type { CSIPersistentVolumeSource, PersistentVolumeSpec } from '../k8s/core.ts'
import { checkDnsSubdomain } from '../names.ts'
import { invalid, invalidEach, oneOf, required, tooLong } from './field-error.ts'
import { validateVolumeDriver } from './volume-driver.ts'
import { HOST_PATH_TYPES } from './volume-files.ts'

/** In the order in which Kubernetes looks at them. */
const SOURCES = [
  'hostPath',
  'gcePersistentDisk',
  'awsElasticBlockStore',
  'glusterfs',
  'flocker',
  'nfs',
  'rbd',
  'quobyte',
  'cephfs',
  'iscsi',
  'cinder',
  'fc',
  'flexVolume',
  'azureFile',
  'vsphereVolume',
  'photonPersistentDisk',
  'portworxVolume',
  'azureDisk',
  'scaleIO',
  'local',
  'storageos',
  'csi',
] as const satisfies readonly (keyof PersistentVolumeSpec)[]
export type SourceName = (typeof SOURCES)[number]

export const sourcesOf = (spec: PersistentVolumeSpec): SourceName[] =>
  SOURCES.filter((name) => spec[name] !== undefined)

/** Fields that a source cannot do without; those of storage systems are in volume-driver.ts. */
const NEEDED: Readonly<Partial<Record<SourceName, readonly string[]>>> = {
  nfs: ['server', 'path'],
  hostPath: ['path'],
  local: ['path'],
}

export function validateVolumeSource(
  spec: PersistentVolumeSpec,
  name: SourceName,
  field: string,
): FieldError[] {
  const source = spec[name] as unknown as Record<string, unknown>
  const errors = [
    ...(NEEDED[name] ?? []).flatMap((key) => (source[key] ? [] : [required(`${field}.${key}`)])),
    ...validateVolumeDriver(name, source, field),
  ]
  const path = source['path']
  if (name === 'csi') return [...errors, ...validateCsi(spec.csi!, field)]
  if (typeof path !== 'string' || path === '') return errors
  if (name === 'nfs' && !path.startsWith('/'))
    errors.push(invalid(`${field}.path`, path, 'must be an absolute path'))
  if ((name === 'hostPath' || name === 'local') && path.split('/').includes('..'))
    errors.push(invalid(`${field}.path`, path, "must not contain '..'"))
  if (name === 'hostPath')
    errors.push(...oneOf(`${field}.type`, spec.hostPath?.type, HOST_PATH_TYPES))
  return errors
}

const DRIVER_LENGTH_MAX = 63

/** Names of drivers may have capital letters. */
export function validateDriverName(driver: string | undefined, field: string): FieldError[] {
  if (!driver) return [required(field)]
  return [
    ...(driver.length > DRIVER_LENGTH_MAX ? [tooLong(field, DRIVER_LENGTH_MAX)] : []),
    ...invalidEach(field, driver, checkDnsSubdomain(driver.toLowerCase())),
  ]
}

const validateCsi = ({ driver, volumeHandle }: CSIPersistentVolumeSource, field: string) => [
  ...validateDriverName(driver, `${field}.driver`),
  ...(volumeHandle ? [] : [required(`${field}.volumeHandle`)]),
]
