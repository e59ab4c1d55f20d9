// Volumes of pods: sources that no longer work, and files that hide one another.
import type { Volume, VolumeProjection } from '../k8s/core.ts'
import { claimSpecWarnings } from './storage.ts'

type SourceName = Exclude<keyof Volume, 'name'>

const DEPRECATED: readonly (readonly [source: SourceName, shown: string, why: string])[] = [
  ['photonPersistentDisk', 'photonPersistentDisk', 'deprecated in v1.11, non-functional in v1.16+'],
  ['gitRepo', 'gitRepo', 'deprecated in v1.11'],
  ['scaleIO', 'scaleIO', 'deprecated in v1.16, non-functional in v1.22+'],
  ['flocker', 'flocker', 'deprecated in v1.22, non-functional in v1.25+'],
  // The warning spells the field as no manifest does.
  ['storageos', 'storageOS', 'deprecated in v1.22, non-functional in v1.25+'],
  ['quobyte', 'quobyte', 'deprecated in v1.22, non-functional in v1.25+'],
  ['glusterfs', 'glusterfs', 'deprecated in v1.25, non-functional in v1.26+'],
  ['cephfs', 'cephfs', 'deprecated in v1.28, non-functional in v1.31+'],
  ['rbd', 'rbd', 'deprecated in v1.28, non-functional in v1.31+'],
]

export function volumeSourceWarnings(volumes: readonly Volume[], field: string): string[] {
  return volumes.flatMap((volume, index) => {
    const at = `${field}[${index}]`
    const claim = volume.ephemeral?.volumeClaimTemplate?.spec
    return [
      ...DEPRECATED.filter(([source]) => volume[source] !== undefined).map(
        ([, shown, why]) => `${at}.${shown}: ${why}`,
      ),
      ...(claim === undefined
        ? []
        : claimSpecWarnings(claim, `${at}.ephemeral.volumeClaimTemplate.spec`)),
    ]
  })
}

/** The files that a source writes, and how a warning names the source. */
interface Files {
  name: string
  paths: readonly string[]
}

const quoted = (text: string | undefined): string => JSON.stringify(text ?? '')
const pathsOf = (items: readonly { path: string }[]): string[] => items.map(({ path }) => path)

function filesOf(source: VolumeProjection): Files[] {
  const { configMap, secret, downwardAPI, serviceAccountToken, clusterTrustBundle } = source
  if (configMap?.items !== undefined)
    return [{ name: `ConfigMap ${quoted(configMap.name)}`, paths: pathsOf(configMap.items) }]
  if (secret?.items !== undefined)
    return [{ name: `Secret ${quoted(secret.name)}`, paths: pathsOf(secret.items) }]
  if (downwardAPI?.items !== undefined)
    return [{ name: 'DownwardAPI', paths: pathsOf(downwardAPI.items) }]
  if (serviceAccountToken !== undefined)
    return [{ name: 'ServiceAccountToken', paths: [serviceAccountToken.path] }]
  if (clusterTrustBundle === undefined) return []
  const { name, signerName, path } = clusterTrustBundle
  return [{ name: `ClusterTrustBundle ${quoted(name ?? signerName)}`, paths: [path] }]
}

/** Either is the other, or a directory on the way to it. */
const hides = (path: string, other: string): boolean =>
  path !== '' && other !== '' && (`${path}/`.startsWith(other) || `${other}/`.startsWith(path))

function overlaps(paths: readonly string[], title: string): string[] {
  const seen: string[] = []
  return paths.flatMap((path) => {
    const plain = path.replace(/\/+$/, '')
    const hidden = seen.find((other) => hides(plain, other))
    if (!seen.includes(plain)) seen.push(plain)
    return hidden === undefined ? [] : [`${title}: ${quoted(plain)} with ${quoted(hidden)}`]
  })
}

function projectedOverlaps({ name, projected }: Volume): string[] {
  const all = new Set<string>()
  return (projected?.sources ?? []).flatMap((source) => {
    if (Object.keys(source).length === 0)
      return [`volume ${quoted(name)} (Projected) has no sources provided`]
    return filesOf(source).flatMap((files) => {
      const title = `volume ${quoted(name)} (Projected ${files.name}): overlapping paths`
      const own = new Set(files.paths)
      const inOne = overlaps(files.paths, title)
      const together = overlaps([...own, ...all].toSorted(), title)
      for (const path of own) all.add(path)
      return [...inOne, ...together]
    })
  })
}

/** Files of one volume at one path, or where another needs a directory: the later write wins. */
export function overlapWarnings(volumes: readonly Volume[]): string[] {
  return volumes.flatMap((volume) => {
    const { configMap, secret, downwardAPI } = volume
    // As a part of a projected volume a secret has its name elsewhere.
    const named = secret && { ...secret, name: secret.secretName }
    const single = [{ configMap }, { secret: named }, { downwardAPI }].flatMap((source) =>
      filesOf(source).flatMap(({ name, paths }) =>
        overlaps(paths, `volume ${quoted(volume.name)} (${name}): overlapping paths`),
      ),
    )
    return [...single, ...projectedOverlaps(volume)]
  })
}
