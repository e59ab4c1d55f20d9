// What a CSI driver can do, and what of it stays as it is.
import type { FieldError } from '../definition.ts'
import type { CSIDriverSpec, CSINodeDriver, CSINodeSpec, TokenRequest } from '../k8s/storage.ts'
import { checkDnsSubdomain, checkQualifiedName } from '../names.ts'
import { deepEqual } from './equal.ts'
import {
  duplicate,
  IMMUTABLE,
  invalid,
  invalidEach,
  notSupported,
  required,
  tooLong,
} from './field-error.ts'

const DRIVER_NAME_LENGTH_MAX = 63
const NODE_ID_LENGTH_MAX = 192
const TOKEN_SECONDS_MIN = 600
const TOKEN_SECONDS_MAX = 2 ** 32
const UPDATE_SECONDS_MIN = 10
const FS_GROUP_POLICIES = ['ReadWriteOnceWithFSType', 'File', 'None']
const LIFECYCLE_MODES = ['Persistent', 'Ephemeral']

export function validateCSIDriverName(name: string, field: string): FieldError[] {
  if (!name) return [required(field)]
  const errors: FieldError[] = []
  if (name.length > DRIVER_NAME_LENGTH_MAX) errors.push(tooLong(field, DRIVER_NAME_LENGTH_MAX))
  return [...errors, ...invalidEach(field, name, checkDnsSubdomain(name.toLowerCase()))]
}

export function validateCSIDriver(spec: CSIDriverSpec, field: string): FieldError[] {
  const { fsGroupPolicy, volumeLifecycleModes = [] } = spec
  const errors: FieldError[] = []
  for (const key of ['attachRequired', 'podInfoOnMount', 'storageCapacity'] as const)
    if (spec[key] === undefined) errors.push(required(`${field}.${key}`))
  if (fsGroupPolicy !== undefined && !FS_GROUP_POLICIES.includes(fsGroupPolicy))
    errors.push(notSupported(`${field}.fsGroupPolicy`, fsGroupPolicy, FS_GROUP_POLICIES))
  errors.push(...validateTokenRequests(spec.tokenRequests ?? [], `${field}.tokenRequests`))
  for (const mode of volumeLifecycleModes)
    if (!LIFECYCLE_MODES.includes(mode))
      errors.push(notSupported(`${field}.volumeLifecycleModes`, mode, LIFECYCLE_MODES))
  const { nodeAllocatableUpdatePeriodSeconds: seconds, seLinuxMount } = spec
  if (seLinuxMount === undefined)
    errors.push(required(`${field}.seLinuxMount`, 'seLinuxMount must be set'))
  if (seconds !== undefined && seconds < UPDATE_SECONDS_MIN)
    errors.push(
      invalid(
        `${field}.nodeAllocatableUpdatePeriodSeconds`,
        seconds,
        `must be greater than or equal to ${UPDATE_SECONDS_MIN} seconds`,
      ),
    )
  return errors
}

function validateTokenRequests(requests: readonly TokenRequest[], field: string): FieldError[] {
  const audiences = requests.map(({ audience }) => audience ?? '')
  return requests.flatMap(({ expirationSeconds }, index) => {
    const at = `${field}[${index}]`
    const audience = audiences[index]!
    const errors: FieldError[] = []
    if (audiences.indexOf(audience) < index) errors.push(duplicate(`${at}.audience`, audience))
    if (expirationSeconds === undefined) return errors
    const seconds = `${at}.expirationSeconds`
    if (expirationSeconds < TOKEN_SECONDS_MIN)
      errors.push(
        invalid(seconds, expirationSeconds, 'may not specify a duration less than 10 minutes'),
      )
    if (expirationSeconds > TOKEN_SECONDS_MAX)
      errors.push(
        invalid(seconds, expirationSeconds, 'may not specify a duration larger than 2^32 seconds'),
      )
    return errors
  })
}

export function validateCSIDriverUpdate(spec: CSIDriverSpec, old: CSIDriverSpec): FieldError[] {
  return (['attachRequired', 'volumeLifecycleModes'] as const).flatMap((key) =>
    deepEqual(spec[key], old[key]) ? [] : [invalid(`spec.${key}`, spec[key], IMMUTABLE)],
  )
}

export function validateCSINode({ drivers }: CSINodeSpec, field: string): FieldError[] {
  const names = drivers.map(({ name }) => name)
  return drivers.flatMap((driver, index) => {
    const at = `${field}.drivers[${index}]`
    const errors = validateNodeDriver(driver, at)
    if (names.indexOf(driver.name) < index) errors.push(duplicate(`${at}.name`, driver.name))
    return errors
  })
}

function validateNodeDriver(driver: CSINodeDriver, field: string): FieldError[] {
  const { name, nodeID, allocatable, topologyKeys = [] } = driver
  const errors = validateCSIDriverName(name, `${field}.name`)
  if (!nodeID) errors.push(required(`${field}.nodeID`))
  else if (nodeID.length > NODE_ID_LENGTH_MAX)
    errors.push(
      invalid(`${field}.nodeID`, nodeID, `must be ${NODE_ID_LENGTH_MAX} characters or less`),
    )
  if ((allocatable?.count ?? 0) < 0)
    errors.push(
      invalid(
        `${field}.allocatable.count`,
        allocatable!.count,
        'must be greater than or equal to 0',
      ),
    )
  for (const [index, key] of topologyKeys.entries()) {
    const at = `${field}.topologyKeys`
    if (!key) errors.push(required(at))
    else if (topologyKeys.indexOf(key) < index) errors.push(duplicate(at, key))
    errors.push(...(key ? invalidEach(at, key, checkQualifiedName(key)) : []))
  }
  return errors
}

/** What is told of a driver on a node stays, but how much it holds; drivers come and go. */
export function validateCSINodeUpdate(
  { drivers }: CSINodeSpec,
  { drivers: before }: CSINodeSpec,
): FieldError[] {
  return drivers.flatMap((driver, index) => {
    const old = before.find(({ name }) => name === driver.name)
    const isChanged =
      old !== undefined && !deepEqual({ ...driver, allocatable: 0 }, { ...old, allocatable: 0 })
    return isChanged ? [invalid(`spec.drivers[${index}]`, driver, IMMUTABLE)] : []
  })
}
