// Projected volumes: several sources in one directory, none of which may take another's path.
import type { FieldError } from '../definition.ts'
import type {
  ClusterTrustBundleProjection,
  PodCertificateProjection,
  ProjectedVolumeSource,
  VolumeProjection,
} from '../k8s/core.ts'
import { forbidden, invalid, notSupported, required } from './field-error.ts'
import { validateLabelSelector } from './label-selector.ts'
import {
  needed,
  validateDownwardFiles,
  validateFilePath,
  validateItems,
  validateMode,
} from './volume-files.ts'

const TOKEN_SECONDS_MIN = 600
const TOKEN_SECONDS_MAX = 2 ** 32

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
  if (source.clusterTrustBundle !== undefined)
    all.push([source.clusterTrustBundle.path, source.clusterTrustBundle.path])
  const { credentialBundlePath, keyPath, certificateChainPath } = source.podCertificate ?? {}
  for (const path of [credentialBundlePath, keyPath, certificateChainPath])
    if (path !== undefined) all.push([path, path])
  return all.filter(([path]) => path)
}

export function validateProjected({ defaultMode, sources }: ProjectedVolumeSource, field: string) {
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
    const { clusterTrustBundle, podCertificate } = source
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
    if (clusterTrustBundle !== undefined)
      errors.push(...validateTrustBundle(clusterTrustBundle, `${at}.clusterTrustBundle`))
    if (podCertificate !== undefined)
      errors.push(...validatePodCertificate(podCertificate, `${at}.podCertificate`))
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

/** By its own name, or all of a signer that a selector means. */
function validateTrustBundle(
  { name, signerName, labelSelector, path }: ClusterTrustBundleProjection,
  field: string,
): FieldError[] {
  const errors: FieldError[] = []
  if (name !== undefined && signerName !== undefined)
    errors.push(invalid(field, null, 'only one of name and signerName may be used'))
  else if (name !== undefined) {
    if (name === '') errors.push(required(`${field}.name`, 'must be a valid object name'))
    if (labelSelector !== undefined)
      errors.push(
        invalid(
          `${field}.labelSelector`,
          labelSelector,
          'labelSelector must be unset if name is specified',
        ),
      )
  } else if (signerName !== undefined) {
    if (signerName === '')
      errors.push(required(`${field}.signerName`, 'must be a valid signer name'))
    if (labelSelector !== undefined)
      errors.push(...validateLabelSelector(labelSelector, `${field}.labelSelector`))
  } else errors.push(required(field, 'either name or signerName must be specified'))
  return [...errors, ...validateFilePath(path, `${field}.path`)]
}

const KEY_TYPES = ['ECDSAP256', 'ECDSAP384', 'ECDSAP521', 'ED25519', 'RSA3072', 'RSA4096']
const CERTIFICATE_SECONDS = { min: 3_600, max: 7_862_400 } as const

function validatePodCertificate(projection: PodCertificateProjection, field: string): FieldError[] {
  const { signerName, keyType, maxExpirationSeconds: seconds } = projection
  const errors = needed(signerName, `${field}.signerName`)
  if (!KEY_TYPES.includes(keyType))
    errors.push(notSupported(`${field}.keyType`, keyType, KEY_TYPES))
  const { min, max } = CERTIFICATE_SECONDS
  const at = `${field}.maxExpirationSeconds`
  if (seconds !== undefined && seconds < min)
    errors.push(invalid(at, seconds, `if provided, maxExpirationSeconds must be >= ${min}`))
  if (seconds !== undefined && seconds > max)
    errors.push(invalid(at, seconds, `if provided, maxExpirationSeconds must be <= ${max}`))
  const paths = ['credentialBundlePath', 'keyPath', 'certificateChainPath'] as const
  const given = paths.filter((name) => projection[name])
  if (given.length === 0)
    errors.push(
      required(
        field,
        'specify at least one of credentialBundlePath, keyPath, and certificateChainPath',
      ),
    )
  return [
    ...errors,
    ...given.flatMap((name) => validateFilePath(projection[name], `${field}.${name}`)),
  ]
}
