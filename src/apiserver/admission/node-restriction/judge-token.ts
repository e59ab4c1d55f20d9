// Tokens: a node gets those of accounts whose pods are bound to it, for these pods, and for audiences that
// the pods or their drivers ask for.
import { notFound } from '#base/errors.ts'
import type { TokenRequest } from '#kinds/k8s/authentication.ts'
import type { PersistentVolume, PersistentVolumeClaim, Pod } from '#kinds/k8s/core.ts'
import type { CSIDriver } from '#kinds/k8s/storage.ts'
import type { ObjectReader } from '../plugin.ts'
import type { Judge, NodeWrite } from './node-write.ts'

const AUDIENCE_VERB = 'request-serviceaccounts-token-audience'

export const judgeToken: Judge = (write) => {
  const { request, node, reader } = write
  if (request.operation !== 'CREATE' || request.subresource !== 'token') return undefined
  const { spec } = request.object as unknown as TokenRequest
  const bound = spec.boundObjectRef
  if (bound?.apiVersion !== 'v1' || bound.kind !== 'Pod' || !bound.name)
    return 'node requested token not bound to a pod'
  if (!bound.uid) return 'node requested token with a pod binding without a uid'
  const pod = reader.get('', 'pods', request.namespace, bound.name) as Pod | undefined
  if (pod === undefined) throw notFound({ group: '', resource: 'pods' }, bound.name)
  if (bound.uid !== pod.metadata.uid)
    return `the UID in the bound object reference (${bound.uid}) does not match the UID in record. The object might have been deleted and then recreated`
  if (pod.spec.nodeName !== node)
    return 'node requested token bound to a pod scheduled on a different node'
  return judgeAudience(write, pod, spec.audiences ?? [])
}

function judgeAudience(
  { request, reader, authorizer }: NodeWrite,
  pod: Pod,
  audiences: readonly string[],
): string | undefined {
  const [audience = '', ...others] = audiences
  if (others.length > 0) return 'node may only request 0 or 1 audiences'
  if (wantedAudiences(reader, pod).has(audience)) return undefined
  const { allowed } = authorizer.authorize(request.user, {
    type: 'resource',
    verb: AUDIENCE_VERB,
    group: '',
    version: '',
    resource: audience,
    subresource: undefined,
    namespace: request.namespace,
    name: request.name,
  })
  return allowed ? undefined : `audience ${JSON.stringify(audience)} not found in pod spec volume`
}

/** The audience of the API server is the empty one. */
function wantedAudiences(reader: ObjectReader, pod: Pod): ReadonlySet<string> {
  const volumes = pod.spec.volumes ?? []
  const drivers = volumes.flatMap(({ name, csi, persistentVolumeClaim, ephemeral }) => {
    if (csi !== undefined) return csi.driver
    const claim = ephemeral ? `${pod.metadata.name}-${name}` : persistentVolumeClaim?.claimName
    return claim === undefined ? [] : (driverOf(reader, pod.metadata.namespace, claim) ?? [])
  })
  return new Set([
    ...volumes
      .flatMap(({ projected }) => projected?.sources ?? [])
      .flatMap(({ serviceAccountToken: token }) => (token ? (token.audience ?? '') : [])),
    ...drivers.flatMap((driver) => {
      const found = reader.get('storage.k8s.io', 'csidrivers', undefined, driver)
      const { tokenRequests = [] } = (found as CSIDriver | undefined)?.spec ?? {}
      return tokenRequests.map(({ audience }) => audience)
    }),
  ])
}

/** Of the volume that a claim is bound to. */
function driverOf(
  reader: ObjectReader,
  namespace: string | undefined,
  claimName: string,
): string | undefined {
  const found = reader.get('', 'persistentvolumeclaims', namespace, claimName)
  const volumeName = (found as PersistentVolumeClaim | undefined)?.spec.volumeName
  if (!volumeName) return undefined
  const volume = reader.get('', 'persistentvolumes', undefined, volumeName)
  return (volume as PersistentVolume | undefined)?.spec.csi?.driver
}
