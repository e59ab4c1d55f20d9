// Sources of volumes that are a storage system of their own, the same in pods and in persistent volumes:
// what each cannot do without, and what its fields may be. Kubernetes' messages.
import type { FieldError } from '../definition.ts'
import { invalid, notSupported, required } from './field-error.ts'

type Source = Readonly<Record<string, unknown>>
type Rule = (source: Source, field: string) => FieldError[]

interface Driver {
  /** Fields that have to be there, in the order in which they are looked at. */
  needs: readonly string[]
  rules?: readonly Rule[]
}

const BYTE_MAX = 255

const inByte =
  (key: string): Rule =>
  (source, field) => {
    const value = source[key]
    return typeof value !== 'number' || (value >= 0 && value <= BYTE_MAX)
      ? []
      : [invalid(`${field}.${key}`, value, `must be between 0 and ${BYTE_MAX}, inclusive`)]
  }

const text = (value: unknown): string => (typeof value === 'string' ? value : '')

const nameOf = (reference: unknown): string =>
  (reference as { name?: string } | undefined)?.name ?? ''

/** A reference that is there names something. */
const namedReference =
  (key: string): Rule =>
  (source, field) =>
    source[key] !== undefined && nameOf(source[key]) === ''
      ? [required(`${field}.${key}.name`)]
      : []

const IQN = /^iqn\.\d{4}-\d{2}\.([A-Za-z0-9.-]+)(:[^,;*&$|\s]+)$/
const EUI = /^eui\.[A-Fa-f0-9]{16}$/
const NAA = /^naa\.[A-Fa-f0-9]{32}$/
const isInitiator = (name: string): boolean => [IQN, EUI, NAA].some((format) => format.test(name))

const iscsi: Rule = (source, field) => {
  const { iqn, initiatorName, chapAuthDiscovery, chapAuthSession } = source
  const errors: FieldError[] = []
  if (typeof iqn === 'string' && iqn !== '' && !isInitiator(iqn))
    errors.push(invalid(`${field}.iqn`, iqn, 'must be valid format'))
  errors.push(...inByte('lun')(source, field))
  if ((chapAuthDiscovery || chapAuthSession) && source['secretRef'] === undefined)
    errors.push(required(`${field}.secretRef`))
  errors.push(...namedReference('secretRef')(source, field))
  if (typeof initiatorName === 'string' && !isInitiator(initiatorName))
    errors.push(invalid(`${field}.initiatorname`, initiatorName, 'must be valid format'))
  return errors
}

const isEmpty = (value: unknown): boolean =>
  Array.isArray(value) ? value.length === 0 : value === undefined || value === ''

const ONE_OF_WWN = 'must specify either targetWWNs or wwids, but not both'

const fibreChannel: Rule = (source, field) => {
  const [hasNames, hasIds] = [!isEmpty(source['targetWWNs']), !isEmpty(source['wwids'])]
  if (!hasNames && !hasIds) return [required(`${field}.targetWWNs`, ONE_OF_WWN)]
  if (hasNames && hasIds) return [invalid(`${field}.targetWWNs`, source['targetWWNs'], ONE_OF_WWN)]
  if (hasNames && source['lun'] === undefined)
    return [required(`${field}.lun`, 'lun is required if targetWWNs is specified')]
  return hasNames ? inByte('lun')(source, field) : []
}

const flocker: Rule = ({ datasetName, datasetUUID }, field) => {
  if (isEmpty(datasetName) && isEmpty(datasetUUID))
    return [required(field, 'one of datasetName and datasetUUID is required')]
  const errors: FieldError[] = []
  if (!isEmpty(datasetName) && !isEmpty(datasetUUID))
    errors.push(
      invalid(field, 'resource', 'datasetName and datasetUUID can not be specified simultaneously'),
    )
  if (text(datasetName).includes('/'))
    errors.push(invalid(`${field}.datasetName`, datasetName, "must not contain '/'"))
  return errors
}

const AZURE_CACHING = ['None', 'ReadOnly', 'ReadWrite']
const AZURE_KINDS = ['Dedicated', 'Managed', 'Shared']
const MANAGED_DISK = '/subscriptions/'

const azureDisk: Rule = ({ cachingMode, kind, diskURI }, field) => {
  const errors: FieldError[] = []
  if (cachingMode !== undefined && !AZURE_CACHING.includes(text(cachingMode)))
    errors.push(notSupported(`${field}.cachingMode`, text(cachingMode), AZURE_CACHING))
  if (kind !== undefined && !AZURE_KINDS.includes(text(kind)))
    errors.push(notSupported(`${field}.kind`, text(kind), AZURE_KINDS))
  const uri = text(diskURI)
  const isManagedUri = uri.startsWith(MANAGED_DISK)
  if (kind === 'Managed' && !isManagedUri)
    errors.push(
      notSupported(`${field}.diskURI`, uri, [
        '/subscriptions/{sub-id}/resourcegroups/{group-name}/providers/microsoft.compute/disks/{disk-id}',
      ]),
    )
  if (kind !== undefined && kind !== 'Managed' && isManagedUri)
    errors.push(
      notSupported(`${field}.diskURI`, uri, [
        'https://{account-name}.blob.core.windows.net/{container-name}/{disk-name}.vhd',
      ]),
    )
  return errors
}

const REGISTRY_LENGTH_MAX = 65

const quobyte: Rule = ({ registry, tenant, user, group }, field) => {
  const errors: FieldError[] = []
  const pairs = text(registry)
  if (pairs !== '' && pairs.split(',').some((pair) => !/^[^:]+:[^:]+$/.test(pair)))
    errors.push(
      invalid(
        `${field}.registry`,
        registry,
        'must be a host:port pair or multiple pairs separated by commas',
      ),
    )
  const parts = Object.entries({ tenant, user, group })
  for (const [key, value] of parts)
    if (typeof value === 'string' && value.length > REGISTRY_LENGTH_MAX - 1)
      errors.push(
        invalid(`${field}.${key}`, value, `must be less than ${REGISTRY_LENGTH_MAX} characters`),
      )
  return errors
}

export const VOLUME_DRIVERS: Readonly<Record<string, Driver>> = {
  gcePersistentDisk: { needs: ['pdName'], rules: [inByte('partition')] },
  awsElasticBlockStore: { needs: ['volumeID'], rules: [inByte('partition')] },
  glusterfs: { needs: ['endpoints', 'path'] },
  flocker: { needs: [], rules: [flocker] },
  rbd: { needs: ['monitors', 'image'] },
  quobyte: { needs: ['registry', 'volume'], rules: [quobyte] },
  cephfs: { needs: ['monitors'] },
  iscsi: { needs: ['targetPortal', 'iqn'], rules: [iscsi] },
  cinder: { needs: ['volumeID'], rules: [namedReference('secretRef')] },
  fc: { needs: [], rules: [fibreChannel] },
  flexVolume: { needs: ['driver'] },
  azureFile: { needs: ['secretName', 'shareName'] },
  vsphereVolume: { needs: ['volumePath'] },
  photonPersistentDisk: { needs: ['pdID'] },
  portworxVolume: { needs: ['volumeID'] },
  azureDisk: { needs: ['diskName', 'diskURI'], rules: [azureDisk] },
  scaleIO: { needs: ['gateway', 'system', 'volumeName'] },
}

/** Nothing for sources that are not in the table. */
export function validateVolumeDriver(name: string, source: object, field: string): FieldError[] {
  const driver = Object.hasOwn(VOLUME_DRIVERS, name) ? VOLUME_DRIVERS[name] : undefined
  if (driver === undefined) return []
  const fields = source as Source
  return [
    ...driver.needs.flatMap((key) => (isEmpty(fields[key]) ? [required(`${field}.${key}`)] : [])),
    ...(driver.rules ?? []).flatMap((rule) => rule(fields, field)),
  ]
}
