// Devices that a driver offers, and where they are.
import type { FieldError } from '../definition.ts'
import type { Device, DeviceAttribute, ResourceSliceSpec } from '../k8s/resource.ts'
import { checkDnsLabel, checkDnsSubdomain, checkQualifiedName } from '../names.ts'
import { deepEqual } from './equal.ts'
import {
  duplicate,
  IMMUTABLE,
  invalid,
  invalidEach,
  notSupported,
  required,
} from './field-error.ts'
import { bounded, validateDriver } from './device-claim.ts'

const DEVICES_MAX = 128
const ATTRIBUTES_MAX = 32
const TAINTS_MAX = 16
const TEXT_LENGTH_MAX = 64
const EFFECTS = ['NoExecute', 'NoSchedule', 'None']
const SEMVER = /^\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?(\+[0-9A-Za-z.-]+)?$/

export function validateResourceSlice(spec: ResourceSliceSpec, field: string): FieldError[] {
  const { driver, pool, devices = [] } = spec
  return [
    ...validateDriver(driver, `${field}.driver`),
    ...validatePool(pool, `${field}.pool`),
    ...validatePlace(spec, field),
    ...bounded(`${field}.devices`, devices, DEVICES_MAX),
    ...devices.flatMap((device, i) => validateDevice(device, `${field}.devices[${i}]`)),
    ...devices.flatMap(({ name }, i) =>
      devices.findIndex((other) => other.name === name) < i
        ? [duplicate(`${field}.devices[${i}].name`, name)]
        : [],
    ),
  ]
}

export function validateResourceSliceUpdate(
  spec: ResourceSliceSpec,
  old: ResourceSliceSpec,
): FieldError[] {
  return (['driver', 'nodeName', 'allNodes'] as const)
    .filter((key) => !deepEqual(spec[key], old[key]))
    .map((key) => invalid(`spec.${key}`, spec[key], IMMUTABLE))
    .concat(
      spec.pool.name === old.pool.name
        ? []
        : [invalid('spec.pool.name', spec.pool.name, IMMUTABLE)],
    )
}

function validatePool(
  { name, generation, resourceSliceCount }: ResourceSliceSpec['pool'],
  field: string,
): FieldError[] {
  const errors = name
    ? name.split('/').flatMap((part) => invalidEach(`${field}.name`, part, checkDnsSubdomain(part)))
    : [required(`${field}.name`)]
  if (resourceSliceCount <= 0)
    errors.push(
      invalid(`${field}.resourceSliceCount`, resourceSliceCount, 'must be greater than zero'),
    )
  if (generation < 0)
    errors.push(invalid(`${field}.generation`, generation, 'must be greater than or equal to zero'))
  return errors
}

/** The places a slice may name; it names exactly one. */
function validatePlace(spec: ResourceSliceSpec, field: string): FieldError[] {
  const { nodeName, nodeSelector, allNodes, perDeviceNodeSelection } = spec
  const given = [nodeName, nodeSelector, allNodes, perDeviceNodeSelection].filter(Boolean).length
  const rule =
    'exactly one of `nodeName`, `nodeSelector`, `allNodes`, `perDeviceNodeSelection` is required'
  if (given === 0) return [required(field, rule)]
  if (given > 1) return [invalid(field, '', `${rule}, but multiple fields are set`)]
  return nodeName === undefined
    ? []
    : invalidEach(`${field}.nodeName`, nodeName, checkDnsSubdomain(nodeName))
}

function validateDevice(device: Device, field: string): FieldError[] {
  const { name, attributes = {}, capacity = {}, taints = [] } = device
  const named = Object.entries(attributes)
  const errors = name
    ? invalidEach(`${field}.name`, name, checkDnsLabel(name))
    : [required(`${field}.name`)]
  errors.push(...bounded(field, [...named, ...Object.keys(capacity)], ATTRIBUTES_MAX))
  for (const [key, attribute] of named)
    errors.push(...validateAttribute(attribute, `${field}.attributes[${key}]`))
  errors.push(...bounded(`${field}.taints`, taints, TAINTS_MAX))
  for (const [i, { key, effect }] of taints.entries()) {
    const at = `${field}.taints[${i}]`
    errors.push(...invalidEach(`${at}.key`, key, checkQualifiedName(key ?? '')))
    if (!EFFECTS.includes(effect)) errors.push(notSupported(`${at}.effect`, effect, EFFECTS))
  }
  return errors
}

function validateAttribute(attribute: DeviceAttribute, field: string): FieldError[] {
  const given = Object.values(attribute).filter((value) => value !== undefined)
  if (given.length === 0) return [required(field, 'exactly one value must be specified')]
  if (given.length > 1) return [invalid(field, attribute, 'exactly one value must be specified')]
  const errors: FieldError[] = []
  for (const text of [attribute.string, attribute.version])
    if (text !== undefined && text.length > TEXT_LENGTH_MAX)
      errors.push(invalid(field, text, `must be no more than ${TEXT_LENGTH_MAX} characters`))
  if (attribute.version !== undefined && !SEMVER.test(attribute.version))
    errors.push(
      invalid(
        `${field}.version`,
        attribute.version,
        'must be a string compatible with semver.org spec 2.0.0',
      ),
    )
  return errors
}
