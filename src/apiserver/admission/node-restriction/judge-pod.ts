// Pods: a node makes mirrors of its static pods, reports on the pods bound to it, and lets them go.
import { notFound } from '#base/errors.ts'
import type { Node, Pod } from '#kinds/k8s/core.ts'
import { deepEqual } from '#kinds/validate/equal.ts'
import { MIRROR, podReferences } from '../../authorization/node/pod-references.ts'
import type { Judge, NodeWrite } from './node-write.ts'

const PODS = { group: '', resource: 'pods' }

export const judgePod: Judge = (write) => {
  const { subresource } = write.request
  switch (subresource) {
    case undefined:
      return judgeWhole(write)
    case 'status':
      return judgeStatus(write)
    case 'eviction':
      return ownPod(write)
        ? undefined
        : `node ${write.node} can only evict pods with spec.nodeName set to itself`
    default:
      return `unexpected pod subresource ${JSON.stringify(subresource)}, only 'status' and 'eviction' are allowed`
  }
}

function ownPod({ request, reader, node }: NodeWrite): boolean {
  const { namespace, name } = request
  const pod = (request.old ?? reader.get('', 'pods', namespace, name)) as Pod | undefined
  if (pod === undefined) throw notFound(PODS, name)
  return pod.spec.nodeName === node
}

function judgeWhole(write: NodeWrite): string | undefined {
  const { request, node } = write
  switch (request.operation) {
    case 'CREATE':
      return judgeMirror(write, request.object as Pod)
    case 'DELETE':
      return ownPod(write)
        ? undefined
        : `node "${node}" can only delete pods with spec.nodeName set to itself`
    default:
      return `unexpected operation "${request.operation}", node "${node}" can only create and delete mirror pods`
  }
}

function judgeMirror(write: NodeWrite, pod: Pod): string | undefined {
  const { node } = write
  if (pod.metadata.annotations?.[MIRROR] === undefined)
    return `pod does not have "${MIRROR}" annotation, node "${node}" can only create mirror pods`
  if (pod.spec.nodeName !== node)
    return `node "${node}" can only create pods with spec.nodeName set to itself`
  return judgeOwner(write, pod) ?? judgeReferences(node, pod)
}

function judgeOwner({ node, reader }: NodeWrite, { metadata }: Pod): string | undefined {
  const [owner, ...others] = metadata.ownerReferences ?? []
  const only = (what: string) => `node "${node}" can only create pods with ${what} set to itself`
  if (others.length > 0) return only('a single owner reference')
  if (owner?.apiVersion !== 'v1' || owner.kind !== 'Node' || owner.name !== node)
    return only('an owner reference')
  if (owner.controller !== true) return only('a controller owner reference')
  if (owner.blockOwnerDeletion === true)
    return `node "${node}" must not set blockOwnerDeletion on an owner reference`
  const found = reader.get('', 'nodes', undefined, node) as Node | undefined
  if (found === undefined) throw notFound({ group: '', resource: 'nodes' }, node)
  const uid = found.metadata.uid ?? ''
  return owner.uid === uid
    ? undefined
    : `node ${node} UID mismatch: expected ${owner.uid} got ${uid}`
}

/** Else it would read by its mirror pods whatever it likes. */
function judgeReferences(node: string, pod: Pod): string | undefined {
  const { spec } = pod
  const { secrets, configMaps, resourceClaims } = podReferences(pod)
  const volumes = spec.volumes ?? []
  const claimed = resourceClaims.size > 0 || (spec.resourceClaims ?? []).length > 0
  const references: readonly [boolean, string][] = [
    [Boolean(spec.serviceAccountName), 'a service account'],
    [secrets.size > 0, 'secrets'],
    [configMaps.size > 0, 'configmaps'],
    [
      volumes.some(({ projected }) =>
        projected?.sources?.some(({ clusterTrustBundle }) => clusterTrustBundle !== undefined),
      ),
      'clustertrustbundles',
    ],
    [
      volumes.some(({ persistentVolumeClaim }) => persistentVolumeClaim !== undefined),
      'persistentvolumeclaims',
    ],
    [claimed, 'resourceclaims'],
  ]
  const what = references.find(([isThere]) => isThere)?.[1]
  return what === undefined
    ? undefined
    : `node "${node}" can not create pods that reference ${what}`
}

function judgeStatus({ request, node }: NodeWrite): string | undefined {
  const { operation } = request
  if (operation !== 'UPDATE') return `unexpected operation "${operation}"`
  const [before, after] = [request.old as Pod, request.object as Pod]
  if (before.spec.nodeName !== node)
    return `node "${node}" can only update pod status for pods with spec.nodeName set to itself`
  if (!deepEqual(before.metadata.labels ?? {}, after.metadata.labels ?? {}))
    return `node "${node}" cannot update labels through pod status`
  if (!deepEqual(claimsOf(before), claimsOf(after)))
    return `node "${node}" cannot update resource claim statues`
  return undefined
}

const claimsOf = ({ status }: Pod): unknown => [
  status?.resourceClaimStatuses ?? [],
  status?.extendedResourceClaimStatus,
]
