import type { DownwardAPIVolumeFile, Volume, VolumeProjection } from '../k8s/core.ts'
import { canonicalQuantity } from '../quantity.ts'
import { defaultPullPolicy } from './container.ts'

/** -rw-r--r-- */
const DEFAULT_MODE = 0o644
const TOKEN_LIFETIME_S = 3600

function defaultDownwardFiles(files: DownwardAPIVolumeFile[] | undefined): void {
  for (const { fieldRef, resourceFieldRef } of files ?? []) {
    if (fieldRef !== undefined) fieldRef.apiVersion ||= 'v1'
    if (resourceFieldRef !== undefined)
      resourceFieldRef.divisor = canonicalQuantity(resourceFieldRef.divisor ?? '0')
  }
}

function defaultProjection({ serviceAccountToken, downwardAPI }: VolumeProjection): void {
  if (serviceAccountToken !== undefined) serviceAccountToken.expirationSeconds ??= TOKEN_LIFETIME_S
  defaultDownwardFiles(downwardAPI?.items)
}

export function defaultVolume(volume: Volume): void {
  const { name: _, ...sources } = volume
  if (Object.values(sources).every((source) => source === undefined)) volume.emptyDir = {}
  for (const source of [volume.secret, volume.configMap, volume.downwardAPI, volume.projected])
    if (source !== undefined) source.defaultMode ??= DEFAULT_MODE
  if (volume.hostPath !== undefined) volume.hostPath.type ??= ''
  if (volume.emptyDir?.sizeLimit !== undefined)
    volume.emptyDir.sizeLimit = canonicalQuantity(volume.emptyDir.sizeLimit)
  if (volume.image !== undefined)
    volume.image.pullPolicy ||= defaultPullPolicy(volume.image.reference)
  defaultDownwardFiles(volume.downwardAPI?.items)
  for (const source of volume.projected?.sources ?? []) defaultProjection(source)
}
