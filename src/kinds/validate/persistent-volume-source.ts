// Where the bytes of a volume are: one of many kinds of storage.
import type { FieldError } from '../definition.ts'
import type { CSIPersistentVolumeSource, PersistentVolumeSpec } from '../k8s/core.ts'
import { checkDnsSubdomain } from '../names.ts'
import { invalid, invalidEach, oneOf, required, tooLong } from './field-error.ts'
import { HOST_PATH_TYPES } from './volume.ts'

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

/** Fields that a source cannot do without. */
const NEEDED: Readonly<Partial<Record<SourceName, readonly string[]>>> = {
  gcePersistentDisk: ['pdName'],
  awsElasticBlockStore: ['volumeID'],
  glusterfs: ['endpoints', 'path'],
  nfs: ['server', 'path'],
  rbd: ['monitors', 'image'],
  quobyte: ['registry', 'volume'],
  cephfs: ['monitors'],
  iscsi: ['targetPortal', 'iqn'],
  cinder: ['volumeID'],
  flexVolume: ['driver'],
  azureFile: ['secretName', 'shareName'],
  vsphereVolume: ['volumePath'],
  photonPersistentDisk: ['pdID'],
  portworxVolume: ['volumeID'],
  azureDisk: ['diskName', 'diskURI'],
  scaleIO: ['gateway', 'system', 'volumeName'],
  hostPath: ['path'],
  local: ['path'],
}

export function validateVolumeSource(
  spec: PersistentVolumeSpec,
  name: SourceName,
  field: string,
): FieldError[] {
  const source = spec[name] as unknown as Record<string, unknown>
  const errors = (NEEDED[name] ?? []).flatMap((key) => {
    const value = source[key]
    const isEmpty = Array.isArray(value) ? value.length === 0 : !value
    return isEmpty ? [required(`${field}.${key}`)] : []
  })
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
function validateCsi({ driver, volumeHandle }: CSIPersistentVolumeSource, field: string) {
  const at = `${field}.driver`
  const errors: FieldError[] = []
  if (!driver) errors.push(required(at))
  if ((driver ?? '').length > DRIVER_LENGTH_MAX) errors.push(tooLong(at, DRIVER_LENGTH_MAX))
  if (driver) errors.push(...invalidEach(at, driver, checkDnsSubdomain(driver.toLowerCase())))
  if (!volumeHandle) errors.push(required(`${field}.volumeHandle`))
  return errors
}
