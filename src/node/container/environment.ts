// A container's environment: Services, then envFrom, then env; each may replace what came before.
import type {
  Container,
  EnvFromSource,
  EnvVar,
  EnvVarSource,
  FileKeySelector,
  Pod,
  Secret,
} from '#kinds/k8s/core.ts'
import type { Quantity } from '#kinds/object.ts'
import { ConfigError } from './config-error.ts'
import { parseEnvFile } from './env-file.ts'
import { expand } from './expand.ts'
import { type PodAddresses, fieldValue, resourceValue } from './field-value.ts'
import type { ObjectSource } from './object-source.ts'
import { serviceEnvironment } from './service-environment.ts'

/** Reads a file of one of the pod's volumes; undefined where there is none. */
export type VolumeFileReader = (volume: string, file: string) => Promise<string | undefined>

export interface EnvironmentOptions extends PodAddresses {
  pod: Pod
  container: Container
  source: ObjectSource
  volumeFile: VolumeFileReader
  allocatable: Readonly<Record<string, Quantity>>
}

const decoded = (base64: string): string => Buffer.from(base64, 'base64').toString()

const secretText = (secret: Secret): Record<string, string> =>
  Object.fromEntries(Object.entries(secret.data ?? {}).map(([key, value]) => [key, decoded(value)]))

interface Reference {
  kind: 'configmap' | 'secret'
  name: string
  optional: boolean
}

/** The texts of a ConfigMap or Secret; undefined when it is optional and absent. */
async function textsOf(
  options: EnvironmentOptions,
  { kind, name, optional }: Reference,
): Promise<Record<string, string> | undefined> {
  const place = { namespace: options.pod.metadata.namespace ?? '', name }
  const texts =
    kind === 'configmap'
      ? await options.source.configMap(place).then((found) => found && (found.data ?? {}))
      : await options.source.secret(place).then((found) => found && secretText(found))
  if (texts === undefined && !optional) throw new ConfigError(`${kind} "${name}" not found`)
  return texts
}

function referenceOf({ configMapRef, secretRef }: EnvFromSource): Reference {
  const ref = configMapRef ?? secretRef
  const kind = configMapRef === undefined ? 'secret' : 'configmap'
  return { kind, name: ref?.name ?? '', optional: ref?.optional ?? false }
}

const KEY_TITLES = { configmap: 'ConfigMap', secret: 'Secret' } as const

/** The value of a key; undefined when the variable is to be left out. */
async function keyValue(
  options: EnvironmentOptions,
  reference: Reference,
  key: string,
): Promise<string | undefined> {
  const texts = await textsOf(options, reference)
  const value = texts !== undefined && Object.hasOwn(texts, key) ? texts[key] : undefined
  if (value !== undefined || reference.optional) return value
  const place = `${options.pod.metadata.namespace}/${reference.name}`
  throw new ConfigError(`couldn't find key ${key} in ${KEY_TITLES[reference.kind]} ${place}`)
}

/** The value that a file of a volume gives a variable; undefined when it is to be left out. */
async function fileValue(
  { volumeFile }: EnvironmentOptions,
  { volumeName, path, key, optional = false }: FileKeySelector,
): Promise<string | undefined> {
  const text = await volumeFile(volumeName, path)
  if (text === undefined) {
    if (optional) return undefined
    throw new ConfigError(`file "${path}" not found in volume "${volumeName}"`)
  }
  try {
    const value = parseEnvFile(text).get(key)
    if (value !== undefined || optional) return value
  } catch (cause) {
    const why = (cause as Error).message
    throw new ConfigError(`couldn't parse env file "${path}": ${why}`, { cause })
  }
  throw new ConfigError(`environment variable key "${key}" not found in file "${path}"`)
}

async function sourceValue(
  options: EnvironmentOptions,
  source: EnvVarSource,
): Promise<string | undefined> {
  const { pod, container, allocatable } = options
  if (source.fieldRef) return fieldValue(pod, source.fieldRef.fieldPath, options)
  if (source.resourceFieldRef) {
    const containers = [...(pod.spec.initContainers ?? []), ...pod.spec.containers]
    return resourceValue(source.resourceFieldRef, { containers, container, allocatable })
  }
  if (source.fileKeyRef) return fileValue(options, source.fileKeyRef)
  const keyRef = source.configMapKeyRef ?? source.secretKeyRef
  if (keyRef === undefined) throw new ConfigError('unsupported source of an environment variable')
  const kind = source.configMapKeyRef ? 'configmap' : 'secret'
  const { name = '', optional = false } = keyRef
  return keyValue(options, { kind, name, optional }, keyRef.key)
}

async function addVariable(
  options: EnvironmentOptions,
  variable: EnvVar,
  environment: Map<string, string>,
): Promise<void> {
  const value = variable.valueFrom
    ? await sourceValue(options, variable.valueFrom)
    : expand(variable.value ?? '', environment)
  if (value !== undefined) environment.set(variable.name, value)
}

export async function containerEnvironment(
  options: EnvironmentOptions,
): Promise<Map<string, string>> {
  const { pod, container, source } = options
  const kubernetes = await source.services('default')
  const environment = serviceEnvironment({
    own: await source.services(pod.metadata.namespace ?? ''),
    kubernetes: kubernetes.find(({ metadata }) => metadata.name === 'kubernetes'),
    enableServiceLinks: pod.spec.enableServiceLinks ?? true,
  })
  for (const from of container.envFrom ?? []) {
    const texts = await textsOf(options, referenceOf(from))
    for (const [key, value] of Object.entries(texts ?? {}))
      environment.set(`${from.prefix ?? ''}${key}`, value)
  }
  for (const variable of container.env ?? []) await addVariable(options, variable, environment)
  return environment
}
