// Empties namespaces that are being deleted, pods first, and lets go of them when nothing is left.
import { isReason } from '#base/errors.ts'
import type { ReconcileResult } from '#base/work-queue.ts'
import type { Namespace } from '#kinds/k8s/core.ts'
import { isDeleting } from '#kinds/meta.ts'
import { namespaces as namespaceKind } from '#kinds/refs.ts'
import type { Controller, ControllerContext } from './context.ts'
import { keyedController } from './keyed-controller.ts'
import { isEmptied, namespaceConditions } from './namespace-conditions.ts'
import { emptyNamespace } from './namespace-content.ts'
import { writeStatus } from './write-status.ts'

const FINALIZER = 'kubernetes'
/** Between two looks at what is left; pods take their time to end. */
const LOOK_AGAIN_MS = 300

export function createNamespaceController(context: ControllerContext): Controller {
  const { client, informers, clock } = context
  const namespaces = informers.informer(namespaceKind)
  const controller = keyedController(context, {
    name: 'namespace',
    needs: [namespaces],
    reconcile,
  })
  const changed = (namespace: Namespace) => {
    if (isDeleting(namespace)) controller.add(namespace.metadata.name)
  }
  namespaces.on({ added: changed, updated: changed })
  return controller

  async function reconcile(name: string): Promise<ReconcileResult> {
    const namespace = namespaces.get(name)
    if (!namespace || !isDeleting(namespace)) return
    if (!namespace.spec.finalizers?.includes(FINALIZER)) return
    const report = await emptyNamespace(client, name)
    if (isEmptied(report)) return finalize(namespace)
    await writeStatus(client.resource(namespaceKind), namespace, {
      ...namespace.status,
      phase: 'Terminating',
      conditions: namespaceConditions(namespace.status?.conditions, report, clock.now()),
    })
    return { afterMs: LOOK_AGAIN_MS }
  }

  async function finalize(namespace: Namespace): Promise<void> {
    const finalizers = (namespace.spec.finalizers ?? []).filter((name) => name !== FINALIZER)
    const body = { ...namespace, spec: { ...namespace.spec, finalizers } }
    try {
      await client.resource(namespaceKind).subresource('PUT', namespace.metadata, 'finalize', body)
    } catch (error) {
      if (!isReason(error, 'NotFound')) throw error
    }
  }
}
