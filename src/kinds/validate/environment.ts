// Environment variables of a container and where their values come from.
import type { FieldError } from '../definition.ts'
import type {
  EnvFromSource,
  EnvVar,
  EnvVarSource,
  FileKeySelector,
  ObjectFieldSelector,
  ResourceFieldSelector,
} from '../k8s/core.ts'
import { checkDataKey, checkEnvironmentName, checkQualifiedName } from '../names.ts'
import { canonicalQuantity, isZeroQuantity } from '../quantity.ts'
import { invalid, invalidEach, notSupported, required } from './field-error.ts'

const SOURCES = [
  'fieldRef',
  'resourceFieldRef',
  'configMapKeyRef',
  'secretKeyRef',
  'fileKeyRef',
] as const satisfies readonly (keyof EnvVarSource)[]
const ENV_FIELDS = [
  'metadata.name',
  'metadata.namespace',
  'metadata.uid',
  'spec.nodeName',
  'spec.serviceAccountName',
  'status.hostIP',
  'status.hostIPs',
  'status.podIP',
  'status.podIPs',
]
export const VOLUME_FIELDS = [
  'metadata.annotations',
  'metadata.labels',
  'metadata.name',
  'metadata.namespace',
  'metadata.uid',
]
const CONTAINER_RESOURCES = [
  'limits.cpu',
  'limits.ephemeral-storage',
  'limits.memory',
  'requests.cpu',
  'requests.ephemeral-storage',
  'requests.memory',
]
const ONE_OF_MANY = 'may not have more than one field specified at a time'
const SUBSCRIPT = /^metadata\.(labels|annotations)\['(.*)'\]$/

export function validateEnvironment(env: readonly EnvVar[], field: string): FieldError[] {
  return env.flatMap((variable, index) => {
    const at = `${field}[${index}]`
    const errors = variable.name
      ? invalidEach(`${at}.name`, variable.name, checkEnvironmentName(variable.name))
      : [required(`${at}.name`)]
    if (variable.valueFrom !== undefined) errors.push(...validateSource(variable, at))
    return errors
  })
}

function validateSource({ value, valueFrom }: EnvVar, at: string): FieldError[] {
  const field = `${at}.valueFrom`
  const given = SOURCES.filter((source) => valueFrom![source] !== undefined)
  const errors: FieldError[] = []
  const { fieldRef, resourceFieldRef, configMapKeyRef, secretKeyRef, fileKeyRef } = valueFrom!
  if (fieldRef !== undefined)
    errors.push(...validateFieldRef(fieldRef, `${field}.fieldRef`, ENV_FIELDS))
  if (resourceFieldRef !== undefined)
    errors.push(...validateResourceField(resourceFieldRef, `${field}.resourceFieldRef`))
  if (configMapKeyRef !== undefined)
    errors.push(...validateKeyRef(configMapKeyRef, `${field}.configMapKeyRef`))
  if (secretKeyRef !== undefined)
    errors.push(...validateKeyRef(secretKeyRef, `${field}.secretKeyRef`))
  if (fileKeyRef !== undefined) errors.push(...validateFileKey(fileKeyRef, `${field}.fileKeyRef`))
  if (given.length === 0) {
    const [last, ...others] = SOURCES.map((source) => `\`${source}\``).toReversed()
    const list = others.toReversed().join(', ')
    errors.push(invalid(field, '', `must specify one of: ${list} or ${last}`))
  }
  if (value) errors.push(invalid(field, '', 'may not be specified when `value` is not empty'))
  else if (given.length > 1) errors.push(invalid(field, '', ONE_OF_MANY))
  return errors
}

export function validateFieldRef(
  { fieldPath }: ObjectFieldSelector,
  field: string,
  supported: readonly string[],
): FieldError[] {
  if (!fieldPath) return [required(`${field}.fieldPath`)]
  const subscript = SUBSCRIPT.exec(fieldPath)
  if (subscript !== null) {
    const [, map, key = ''] = subscript
    // Keys of annotations may have capitals before their slash.
    const checked = map === 'annotations' ? key.toLowerCase() : key
    return invalidEach(field, key, checkQualifiedName(checked))
  }
  return supported.includes(fieldPath)
    ? []
    : [notSupported(`${field}.fieldPath`, fieldPath, supported)]
}

/** In which units a resource may be told, and how Kubernetes names it there. */
const BINARY_DIVISORS = '1, 1k, 1M, 1G, 1T, 1P, 1E, 1Ki, 1Mi, 1Gi, 1Ti, 1Pi, 1Ei'
const DIVISORS: Readonly<Record<string, { values: string; title: string }>> = {
  cpu: { values: '1m, 1', title: 'cpu' },
  memory: { values: BINARY_DIVISORS, title: 'memory' },
  'ephemeral-storage': { values: BINARY_DIVISORS, title: 'local ephemeral storage' },
}

function validateDivisor(
  { resource, divisor }: ResourceFieldSelector,
  field: string,
): FieldError[] {
  const rule = DIVISORS[resource.replace(/^(?:limits|requests)\./, '')]
  if (divisor === undefined || isZeroQuantity(divisor) || rule === undefined) return []
  const { values, title } = rule
  if (values.split(', ').includes(canonicalQuantity(divisor))) return []
  const listed = title === 'cpu' ? values.replace(', ', ' and ') : values
  const why = `only divisor's values ${listed} are supported with the ${title} resource`
  return [invalid(`${field}.divisor`, resource, why)]
}

export function validateResourceField(
  selector: ResourceFieldSelector,
  field: string,
): FieldError[] {
  const { resource } = selector
  if (!resource) return [required(`${field}.resource`)]
  const isKnown =
    CONTAINER_RESOURCES.includes(resource) || /^(?:limits|requests)\.hugepages-/.test(resource)
  return isKnown
    ? validateDivisor(selector, field)
    : [notSupported(`${field}.resource`, resource, CONTAINER_RESOURCES)]
}

function validateFileKey({ key, path, volumeName }: FileKeySelector, field: string): FieldError[] {
  const errors = key
    ? invalidEach(`${field}.key`, key, checkEnvironmentName(key))
    : [required(`${field}.key`)]
  if (!volumeName) errors.push(required(`${field}.volumeName`))
  if (!path) return [...errors, required(`${field}.path`)]
  if (path.startsWith('/')) errors.push(invalid(`${field}.path`, path, 'must be a relative path'))
  if (path.split('/').includes('..'))
    errors.push(invalid(`${field}.path`, path, "must not contain '..'"))
  else if (path.startsWith('..'))
    errors.push(invalid(`${field}.path`, path, "must not start with '..'"))
  return errors
}

function validateKeyRef(
  { name, key }: { name?: string | undefined; key: string },
  field: string,
): FieldError[] {
  return [
    ...(name ? [] : [required(`${field}.name`)]),
    ...(key ? invalidEach(`${field}.key`, key, checkDataKey(key)) : [required(`${field}.key`)]),
  ]
}

export function validateEnvironmentFrom(
  sources: readonly EnvFromSource[],
  field: string,
): FieldError[] {
  return sources.flatMap(({ prefix, configMapRef, secretRef }, index) => {
    const at = `${field}[${index}]`
    const errors = prefix ? invalidEach(`${at}.prefix`, prefix, checkEnvironmentName(prefix)) : []
    if (configMapRef !== undefined && !configMapRef.name)
      errors.push(required(`${at}.configMapRef.name`))
    if (secretRef !== undefined && !secretRef.name) errors.push(required(`${at}.secretRef.name`))
    if (configMapRef === undefined && secretRef === undefined)
      errors.push(invalid(at, '', 'must specify one of: `configMapRef` or `secretRef`'))
    if (configMapRef !== undefined && secretRef !== undefined)
      errors.push(invalid(at, '', ONE_OF_MANY))
    return errors
  })
}
