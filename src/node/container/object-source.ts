// Where ConfigMaps, Secrets and Services come from: the cluster's shared caches where there are
// some, else the API.
import { isReason } from '#base/errors.ts'
import type { Client, InformerFactory } from '#client/types.ts'
import type { ConfigMap, Secret, Service } from '#kinds/k8s/core.ts'
import type { KubeObject } from '#kinds/object.ts'
import type { KindRef } from '#kinds/ref.ts'
import { configMaps, secrets, services } from '#kinds/refs.ts'

/** An object's place; both parts are always known here. */
export interface ObjectPlace {
  namespace: string
  name: string
}

export interface ObjectSource {
  configMap(place: ObjectPlace): Promise<ConfigMap | undefined>
  secret(place: ObjectPlace): Promise<Secret | undefined>
  /** Services whose names a pod of this namespace finds in its environment. */
  services(namespace: string): Promise<Service[]>
}

export function objectSource(client: Client, informers: InformerFactory | undefined): ObjectSource {
  const fetch = async <T extends KubeObject>(kind: KindRef<T>, place: ObjectPlace) => {
    const cached = informers?.informer(kind).get(`${place.namespace}/${place.name}`)
    if (cached !== undefined) return cached
    // A cache may lag behind the pod that names the object: absent means asking.
    return client
      .resource(kind)
      .get(place)
      .catch((error: unknown) => {
        if (isReason(error, 'NotFound')) return undefined
        throw error
      })
  }
  return {
    configMap: (place) => fetch(configMaps, place),
    secret: (place) => fetch(secrets, place),
    async services(namespace) {
      const cache = informers?.informer(services)
      if (cache?.hasSynced === true) return cache.list(namespace)
      return (await client.resource(services).list({ namespace })).items
    },
  }
}
