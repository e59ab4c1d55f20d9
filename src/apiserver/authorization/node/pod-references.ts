// What a pod or a volume needs of other objects, by name: so much of them its node may read. Pure.
import type { PersistentVolume, Pod } from '#kinds/k8s/core.ts'

export const MIRROR = 'kubernetes.io/config.mirror'

export interface PodReferences {
  secrets: ReadonlySet<string>
  configMaps: ReadonlySet<string>
  claims: ReadonlySet<string>
  resourceClaims: ReadonlySet<string>
}

/** Where sources of volumes name a Secret of the pod's namespace. */
const VOLUME_SECRETS: readonly (readonly string[])[] = [
  ['secret', 'secretName'],
  ['azureFile', 'secretName'],
  ['cephfs', 'secretRef', 'name'],
  ['cinder', 'secretRef', 'name'],
  ['flexVolume', 'secretRef', 'name'],
  ['rbd', 'secretRef', 'name'],
  ['scaleIO', 'secretRef', 'name'],
  ['iscsi', 'secretRef', 'name'],
  ['storageos', 'secretRef', 'name'],
  ['csi', 'nodePublishSecretRef', 'name'],
]

/** Where a persistent volume names a Secret that its node needs (those of CSI controllers are not). */
const PERSISTENT_SECRETS: readonly (readonly string[])[] = [
  ...['cephfs', 'cinder', 'flexVolume', 'rbd', 'scaleIO', 'iscsi', 'storageos'].map((source) => [
    source,
    'secretRef',
  ]),
  ['csi', 'nodePublishSecretRef'],
  ['csi', 'nodeStageSecretRef'],
  ['csi', 'nodeExpandSecretRef'],
]

function at(value: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>(
    (inner, key) => (inner as Record<string, unknown> | undefined)?.[key],
    value,
  )
}

const textAt = (value: unknown, path: readonly string[]): string[] => {
  const found = at(value, path)
  return typeof found === 'string' && found !== '' ? [found] : []
}

export function podReferences(pod: Pod): PodReferences {
  const { spec } = pod
  const volumes = spec.volumes ?? []
  const projected = volumes.flatMap((volume) => volume.projected?.sources ?? [])
  const containers = [
    ...(spec.initContainers ?? []),
    ...spec.containers,
    ...(spec.ephemeralContainers ?? []),
  ]
  const variables = containers.flatMap(({ env = [] }) => env.map(({ valueFrom }) => valueFrom))
  const sets = containers.flatMap(({ envFrom = [] }) => envFrom)
  const names = (values: readonly unknown[], path: readonly string[]) =>
    values.flatMap((value) => textAt(value, path))
  return {
    secrets: new Set([
      ...names(spec.imagePullSecrets ?? [], ['name']),
      ...names(variables, ['secretKeyRef', 'name']),
      ...names(sets, ['secretRef', 'name']),
      ...names(projected, ['secret', 'name']),
      ...VOLUME_SECRETS.flatMap((path) => names(volumes, path)),
    ]),
    configMaps: new Set([
      ...names(variables, ['configMapKeyRef', 'name']),
      ...names(sets, ['configMapRef', 'name']),
      ...names(projected, ['configMap', 'name']),
      ...names(volumes, ['configMap', 'name']),
    ]),
    claims: new Set(
      volumes.flatMap(({ name, persistentVolumeClaim, ephemeral }) =>
        ephemeral === undefined
          ? textAt(persistentVolumeClaim, ['claimName'])
          : [`${pod.metadata.name}-${name}`],
      ),
    ),
    resourceClaims: new Set([
      ...names(spec.resourceClaims ?? [], ['resourceClaimName']),
      ...names(pod.status?.resourceClaimStatuses ?? [], ['resourceClaimName']),
      ...textAt(pod.status?.extendedResourceClaimStatus, ['resourceClaimName']),
    ]),
  }
}

/** `namespace/name` of each Secret that the node of a bound volume needs. */
export function volumeSecrets({ spec }: PersistentVolume): readonly string[] {
  const home = spec.claimRef?.namespace ?? ''
  const keyOf = (namespace: string | undefined, name: string) => `${namespace || home}/${name}`
  const { azureFile } = spec
  return [
    ...(azureFile ? [keyOf(azureFile.secretNamespace, azureFile.secretName)] : []),
    ...PERSISTENT_SECRETS.flatMap((path) => {
      const [name] = textAt(spec, [...path, 'name'])
      return name === undefined ? [] : [keyOf(textAt(spec, [...path, 'namespace'])[0], name)]
    }),
  ]
}
