// Claims and ingresses that name no class get the default one, if an administrator marked one.
import type { PersistentVolumeClaim } from '#kinds/k8s/core.ts'
import type { Ingress } from '#kinds/k8s/networking.ts'
import type { KubeObject } from '#kinds/object.ts'
import type { AdmissionPlugin, AdmissionRequest, ObjectReader } from './plugin.ts'

const OLD_STORAGE_CLASS = 'volume.beta.kubernetes.io/storage-class'
const OLD_INGRESS_CLASS = 'kubernetes.io/ingress.class'

interface Classed {
  plugin: string
  group: string
  resource: string
  classGroup: string
  classResource: string
  /** Any of these on a class, "true", makes it the default. */
  marks: readonly string[]
  hasClass: (object: KubeObject) => boolean
  setClass: (object: KubeObject, name: string) => void
}

const CLAIMS: Classed = {
  plugin: 'DefaultStorageClass',
  group: '',
  resource: 'persistentvolumeclaims',
  classGroup: 'storage.k8s.io',
  classResource: 'storageclasses',
  marks: [
    'storageclass.kubernetes.io/is-default-class',
    'storageclass.beta.kubernetes.io/is-default-class',
  ],
  // The empty name asks for a volume of no class.
  hasClass: (object) =>
    object.metadata.annotations?.[OLD_STORAGE_CLASS] !== undefined ||
    (object as PersistentVolumeClaim).spec.storageClassName !== undefined,
  setClass: (object, name) => void ((object as PersistentVolumeClaim).spec.storageClassName = name),
}

const INGRESSES: Classed = {
  plugin: 'DefaultIngressClass',
  group: 'networking.k8s.io',
  resource: 'ingresses',
  classGroup: 'networking.k8s.io',
  classResource: 'ingressclasses',
  marks: ['ingressclass.kubernetes.io/is-default-class'],
  hasClass: (object) =>
    object.metadata.annotations?.[OLD_INGRESS_CLASS] !== undefined ||
    (object as Ingress).spec.ingressClassName !== undefined,
  setClass: (object, name) => void ((object as Ingress).spec.ingressClassName = name),
}

function defaultClass(kind: Classed, reader: ObjectReader): AdmissionPlugin {
  return {
    name: kind.plugin,
    admit({ operation, group, resource, subresource, object }: AdmissionRequest) {
      if (operation !== 'CREATE' || subresource !== undefined || object === undefined) return
      if (group !== kind.group || resource !== kind.resource || kind.hasClass(object)) return
      const classes = reader
        .list(kind.classGroup, kind.classResource)
        .filter(({ metadata }) =>
          kind.marks.some((mark) => metadata.annotations?.[mark] === 'true'),
        )
      const [newest] = classes.toSorted(byAge)
      if (newest !== undefined) kind.setClass(object, newest.metadata.name)
    },
  }
}

/** Of several defaults the newest is meant; of those as old as each other the first by name. */
function byAge({ metadata: a }: KubeObject, { metadata: b }: KubeObject): number {
  const [left = '', right = ''] = [a.creationTimestamp, b.creationTimestamp]
  if (left !== right) return left > right ? -1 : 1
  return a.name < b.name ? -1 : 1
}

export const defaultStorageClass = (reader: ObjectReader): AdmissionPlugin =>
  defaultClass(CLAIMS, reader)

export const defaultIngressClass = (reader: ObjectReader): AdmissionPlugin =>
  defaultClass(INGRESSES, reader)
