// Gives pods their service account and the token of it, as a projected volume.
import type { Random } from '#base/random.ts'
import type { Pod, ServiceAccount, Volume } from '#kinds/k8s/core.ts'
import { forbidden } from '../api-errors.ts'
import type { AdmissionPlugin, ObjectReader } from './plugin.ts'

const MOUNT_PATH = '/var/run/secrets/kubernetes.io/serviceaccount'
const VOLUME_PREFIX = 'kube-api-access-'
const TOKEN_SECONDS = 3607
const MIRROR = 'kubernetes.io/config.mirror'

export function serviceAccountAdmission(reader: ObjectReader, random: Random): AdmissionPlugin {
  return {
    name: 'ServiceAccount',
    admit({ operation, group, resource, subresource, namespace, object, name }) {
      if (operation !== 'CREATE' || group !== '' || resource !== 'pods') return
      if (subresource !== undefined || object === undefined) return
      const pod = object as Pod
      if (pod.metadata.annotations?.[MIRROR] !== undefined) return
      const accountName = pod.spec.serviceAccountName || 'default'
      pod.spec.serviceAccountName = accountName
      pod.spec.serviceAccount = accountName
      const account = reader.get('', 'serviceaccounts', namespace, accountName)
      if (account === undefined)
        throw forbidden(
          { group, resource },
          name,
          `error looking up service account ${namespace ?? ''}/${accountName}: serviceaccount ${JSON.stringify(accountName)} not found`,
        )
      fill(pod, account as ServiceAccount, random)
    },
  }
}

function fill(pod: Pod, account: ServiceAccount, random: Random): void {
  if ((pod.spec.imagePullSecrets?.length ?? 0) === 0 && account.imagePullSecrets !== undefined)
    pod.spec.imagePullSecrets = structuredClone(account.imagePullSecrets)
  const automount =
    pod.spec.automountServiceAccountToken ?? account.automountServiceAccountToken ?? true
  if (automount) mountToken(pod, random)
}

function mountToken({ spec }: Pod, random: Random): void {
  const containers = [...(spec.initContainers ?? []), ...spec.containers]
  const bare = containers.filter(
    ({ volumeMounts }) => !volumeMounts?.some(({ mountPath }) => mountPath === MOUNT_PATH),
  )
  if (bare.length === 0) return
  // A container that a webhook added gets the volume that is there already.
  const there = spec.volumes?.find((volume) => volume.name.startsWith(VOLUME_PREFIX))
  const name = there?.name ?? `${VOLUME_PREFIX}${random.suffix(5)}`
  if (there === undefined) spec.volumes = [...(spec.volumes ?? []), tokenVolume(name)]
  for (const container of bare)
    container.volumeMounts = [
      ...(container.volumeMounts ?? []),
      { name, readOnly: true, mountPath: MOUNT_PATH },
    ]
}

const tokenVolume = (name: string): Volume => ({
  name,
  projected: {
    sources: [
      { serviceAccountToken: { expirationSeconds: TOKEN_SECONDS, path: 'token' } },
      { configMap: { name: 'kube-root-ca.crt', items: [{ key: 'ca.crt', path: 'ca.crt' }] } },
      {
        downwardAPI: {
          items: [
            { path: 'namespace', fieldRef: { apiVersion: 'v1', fieldPath: 'metadata.namespace' } },
          ],
        },
      },
    ],
    defaultMode: 0o644,
  },
})
