// Gives each namespace what its pods need to reach the API: an account, and the CA to trust.
import { isReason } from '#base/errors.ts'
import type { Namespace } from '#kinds/k8s/core.ts'
import { isDeleting } from '#kinds/meta.ts'
import type { KubeObject } from '#kinds/object.ts'
import type { KindRef } from '#kinds/ref.ts'
import {
  configMaps as configMapKind,
  namespaces as namespaceKind,
  serviceAccounts as serviceAccountKind,
} from '#kinds/refs.ts'
import type { Controller, ControllerContext } from './context.ts'
import { keyedController } from './keyed-controller.ts'
import { isNamespaceTerminating } from './namespace-terminating.ts'

const ACCOUNT = 'default'
const ROOT_CA = 'kube-root-ca.crt'

export interface ServiceAccountOptions {
  /** PEM of the CA that signs the API's certificate. */
  rootCaPem: string
}

export function createServiceAccountController(
  context: ControllerContext,
  { rootCaPem }: ServiceAccountOptions,
): Controller {
  const { client, informers } = context
  const namespaces = informers.informer(namespaceKind)
  const accounts = informers.informer(serviceAccountKind)
  const configMaps = informers.informer(configMapKind)
  const controller = keyedController(context, {
    name: 'service-account',
    needs: [namespaces, accounts, configMaps],
    reconcile,
  })
  const namespaceChanged = ({ metadata }: Namespace) => controller.add(metadata.name)
  namespaces.on({ added: namespaceChanged, updated: namespaceChanged })
  const watched = (name: string) => (object: KubeObject) => {
    if (object.metadata.name === name) controller.add(object.metadata.namespace ?? '')
  }
  accounts.on({ deleted: watched(ACCOUNT) })
  configMaps.on({ updated: watched(ROOT_CA), deleted: watched(ROOT_CA) })
  return controller

  async function reconcile(name: string): Promise<void> {
    const namespace = namespaces.get(name)
    if (!namespace || isDeleting(namespace)) return
    if (!accounts.get(`${name}/${ACCOUNT}`))
      await create(serviceAccountKind, {
        apiVersion: 'v1',
        kind: 'ServiceAccount',
        metadata: { name: ACCOUNT, namespace: name },
      })
    const configMap = configMaps.get(`${name}/${ROOT_CA}`)
    const data = { 'ca.crt': rootCaPem }
    if (!configMap)
      await create(configMapKind, {
        apiVersion: 'v1',
        kind: 'ConfigMap',
        metadata: { name: ROOT_CA, namespace: name },
        data,
      })
    else if (configMap.data?.['ca.crt'] !== rootCaPem)
      await client.resource(configMapKind).update({ ...configMap, data })
  }

  async function create<T extends KubeObject>(kind: KindRef<T>, object: T): Promise<void> {
    try {
      await client.resource(kind).create(object)
    } catch (error) {
      const isThere = isReason(error, 'AlreadyExists')
      if (!isThere && !isReason(error, 'NotFound') && !isNamespaceTerminating(error)) throw error
    }
  }
}
