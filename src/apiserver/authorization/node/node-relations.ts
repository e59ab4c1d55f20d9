// Which objects have to do with a node: what its own pods need, and what those things need in turn.
import type { PersistentVolume, Pod } from '#kinds/k8s/core.ts'
import type { ResourceSlice } from '#kinds/k8s/resource.ts'
import type { VolumeAttachment } from '#kinds/k8s/storage.ts'
import { type ObjectStorage } from '../../objects/object-storage.ts'
import { keyFor, prefixFor } from '../../resources.ts'
import { MIRROR, podReferences, type PodReferences, volumeSecrets } from './pod-references.ts'

export type RelatedKind =
  | 'pods'
  | 'secrets'
  | 'configmaps'
  | 'persistentvolumeclaims'
  | 'persistentvolumes'
  | 'serviceaccounts'
  | 'resourceclaims'
  | 'volumeattachments'
  | 'resourceslices'

export interface Place {
  namespace: string | undefined
  name: string
}

type IsRelated = (objects: ObjectStorage, node: string, place: Place) => boolean

const find = <T>(
  objects: ObjectStorage,
  group: string,
  plural: string,
  { namespace, name }: Place,
): T | undefined =>
  objects.get(keyFor({ prefix: prefixFor(group, plural) }, namespace, name))?.object as
    | T
    | undefined

const podsOf = (objects: ObjectStorage, node: string, namespace: string | undefined): Pod[] =>
  namespace === undefined
    ? []
    : objects
        .list(`${prefixFor('', 'pods')}${namespace}/`)
        .map(({ object }) => object as unknown as Pod)
        .filter(({ spec }) => spec.nodeName === node)

/** A node makes mirror pods itself: what they name would be whatever it likes to read. */
const isMirror = ({ metadata }: Pod): boolean => metadata.annotations?.[MIRROR] !== undefined

const neededByPods =
  (of: keyof PodReferences): IsRelated =>
  (objects, node, { namespace, name }) =>
    podsOf(objects, node, namespace).some(
      (pod) => !isMirror(pod) && podReferences(pod)[of].has(name),
    )

const usesClaim = neededByPods('claims')
const namesSecret = neededByPods('secrets')

function holdsVolume(objects: ObjectStorage, node: string, { spec }: PersistentVolume): boolean {
  const { namespace, name } = spec.claimRef ?? {}
  return name !== undefined && usesClaim(objects, node, { namespace, name })
}

const RELATIONS: Readonly<Record<RelatedKind, IsRelated>> = {
  pods: (objects, node, place) => find<Pod>(objects, '', 'pods', place)?.spec.nodeName === node,
  secrets: (objects, node, place) =>
    namesSecret(objects, node, place) || isOfVolume(objects, node, place),
  configmaps: neededByPods('configMaps'),
  persistentvolumeclaims: usesClaim,
  persistentvolumes: (objects, node, { name }) => {
    const place = { namespace: undefined, name }
    const volume = find<PersistentVolume>(objects, '', 'persistentvolumes', place)
    return volume !== undefined && holdsVolume(objects, node, volume)
  },
  serviceaccounts: (objects, node, { namespace, name }) =>
    podsOf(objects, node, namespace).some(
      (pod) => !isMirror(pod) && pod.spec.serviceAccountName === name,
    ),
  resourceclaims: neededByPods('resourceClaims'),
  volumeattachments: (objects, node, place) =>
    find<VolumeAttachment>(objects, 'storage.k8s.io', 'volumeattachments', place)?.spec.nodeName ===
    node,
  resourceslices: (objects, node, place) =>
    find<ResourceSlice>(objects, 'resource.k8s.io', 'resourceslices', place)?.spec.nodeName ===
    node,
}

/** Looks at all volumes, but only once no pod names the Secret. */
function isOfVolume(objects: ObjectStorage, node: string, { namespace, name }: Place): boolean {
  const key = `${namespace ?? ''}/${name}`
  return objects
    .list(prefixFor('', 'persistentvolumes'))
    .map(({ object }) => object as unknown as PersistentVolume)
    .some((volume) => volumeSecrets(volume).includes(key) && holdsVolume(objects, node, volume))
}

export function isRelated(
  objects: ObjectStorage,
  node: string,
  kind: RelatedKind,
  place: Place,
): boolean {
  return RELATIONS[kind](objects, node, place)
}
