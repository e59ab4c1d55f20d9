// Gives each namespace the CA to trust when talking to the API.
import { isReason } from '#base/errors.ts'
import type { ConfigMap, Namespace } from '#kinds/k8s/core.ts'
import { isDeleting } from '#kinds/meta.ts'
import { configMaps as configMapKind, namespaces as namespaceKind } from '#kinds/refs.ts'
import type { Controller, ControllerContext } from './context.ts'
import { keyedController } from './keyed-controller.ts'
import { isNamespaceTerminating } from './namespace-terminating.ts'

const NAME = 'kube-root-ca.crt'
const DESCRIPTION = 'kubernetes.io/description'
/** In the words of Kubernetes, which clients see. */
const TEXT =
  'Contains a CA bundle that can be used to verify the kube-apiserver when using internal endpoints such as the internal service IP or kubernetes.default.svc. No other usage is guaranteed across distributions of Kubernetes clusters.'

export interface RootCaOptions {
  /** PEM of the CA that signs the API's certificate. */
  rootCaPem: string
}

export function createRootCaController(
  context: ControllerContext,
  { rootCaPem }: RootCaOptions,
): Controller {
  const { client, informers } = context
  const namespaces = informers.informer(namespaceKind)
  const configMaps = informers.informer(configMapKind)
  const controller = keyedController(context, {
    name: 'root-ca',
    needs: [namespaces, configMaps],
    reconcile,
  })
  const namespaceChanged = ({ metadata }: Namespace) => controller.add(metadata.name)
  namespaces.on({ added: namespaceChanged, updated: namespaceChanged })
  const changed = ({ metadata }: ConfigMap) => {
    if (metadata.name === NAME) controller.add(metadata.namespace ?? '')
  }
  configMaps.on({ updated: changed, deleted: changed })
  return controller

  async function reconcile(name: string): Promise<void> {
    const namespace = namespaces.get(name)
    if (!namespace || isDeleting(namespace)) return
    const data = { 'ca.crt': rootCaPem }
    const annotations = { [DESCRIPTION]: TEXT }
    const known = configMaps.get(`${name}/${NAME}`)
    if (known === undefined) {
      const metadata = { name: NAME, namespace: name, annotations }
      return create({ apiVersion: 'v1', kind: 'ConfigMap', metadata, data })
    }
    const isRight = known.data?.['ca.crt'] === rootCaPem && Object.keys(known.data).length === 1
    if (isRight && known.metadata.annotations?.[DESCRIPTION]) return
    const metadata = {
      ...known.metadata,
      annotations: { ...known.metadata.annotations, ...annotations },
    }
    await client.resource(configMapKind).update({ ...known, metadata, data })
  }

  async function create(configMap: ConfigMap): Promise<void> {
    try {
      await client.resource(configMapKind).create(configMap)
    } catch (error) {
      const isThere = isReason(error, 'AlreadyExists')
      if (!isThere && !isReason(error, 'NotFound') && !isNamespaceTerminating(error)) throw error
    }
  }
}
