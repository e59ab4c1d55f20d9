// Gives each namespace the service account that its pods run as unless they name another.
import { isReason } from '#base/errors.ts'
import type { Namespace } from '#kinds/k8s/core.ts'
import { isDeleting } from '#kinds/meta.ts'
import { namespaces as namespaceKind, serviceAccounts as serviceAccountKind } from '#kinds/refs.ts'
import type { Controller, ControllerContext } from './context.ts'
import { keyedController } from './keyed-controller.ts'
import { isNamespaceTerminating } from './namespace-terminating.ts'

const NAME = 'default'

export function createServiceAccountController(context: ControllerContext): Controller {
  const { client, informers } = context
  const namespaces = informers.informer(namespaceKind)
  const accounts = informers.informer(serviceAccountKind)
  const controller = keyedController(context, {
    name: 'service-account',
    needs: [namespaces, accounts],
    reconcile,
  })
  const changed = ({ metadata }: Namespace) => controller.add(metadata.name)
  namespaces.on({ added: changed, updated: changed })
  accounts.on({
    deleted: ({ metadata }) => {
      if (metadata.name === NAME) controller.add(metadata.namespace ?? '')
    },
  })
  return controller

  async function reconcile(namespaceName: string): Promise<void> {
    const namespace = namespaces.get(namespaceName)
    if (!namespace || isDeleting(namespace)) return
    if (accounts.get(`${namespaceName}/${NAME}`)) return
    const metadata = { name: NAME, namespace: namespaceName }
    try {
      await client
        .resource(serviceAccountKind)
        .create({ apiVersion: 'v1', kind: 'ServiceAccount', metadata })
    } catch (error) {
      const isThere = isReason(error, 'AlreadyExists')
      if (!isThere && !isReason(error, 'NotFound') && !isNamespaceTerminating(error)) throw error
    }
  }
}
