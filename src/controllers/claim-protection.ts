// Lets go of deleted claims that no pod uses, and holds those that are not deleted.
import type { ReconcileResult } from '#base/work-queue.ts'
import type { PersistentVolumeClaim, Pod } from '#kinds/k8s/core.ts'
import { isDeleting } from '#kinds/meta.ts'
import { keyOf, splitKey } from '#kinds/object.ts'
import { CLAIM_PROTECTION } from '#kinds/protection.ts'
import { persistentVolumeClaims as claimKind, pods as podKind } from '#kinds/refs.ts'
import type { Controller, ControllerContext } from './context.ts'
import { keyedController } from './keyed-controller.ts'
import { holdWhile } from './hold-while.ts'

const BY_CLAIM = 'claim'

/** Keys of the claims a pod names; that of an ephemeral volume is called after both. */
function claimsOf({ metadata, spec }: Pod): string[] {
  const { name: podName, namespace } = metadata
  return (spec.volumes ?? []).flatMap(({ name, persistentVolumeClaim, ephemeral }) => {
    if (persistentVolumeClaim !== undefined)
      return [keyOf({ metadata: { namespace, name: persistentVolumeClaim.claimName } })]
    if (ephemeral === undefined) return []
    return [keyOf({ metadata: { namespace, name: `${podName}-${name}` } })]
  })
}

/** No agent starts a pod whose claim is being deleted: one without a node does not use it yet. */
const isPlaced = ({ spec }: Pod): boolean => Boolean(spec.nodeName)

export function createClaimProtectionController(context: ControllerContext): Controller {
  const { client, informers } = context
  const claims = informers.informer(claimKind)
  const pods = informers.informer(podKind, { indexers: { [BY_CLAIM]: claimsOf } })
  const controller = keyedController(context, {
    name: 'claim-protection',
    needs: [claims, pods],
    reconcile,
  })
  const changed = (claim: PersistentVolumeClaim) => controller.add(keyOf(claim))
  claims.on({ added: changed, updated: changed })
  pods.on({
    deleted: (pod) => {
      for (const key of claimsOf(pod)) controller.add(key)
    },
  })
  return controller

  async function reconcile(key: string): Promise<ReconcileResult> {
    const claim = claims.get(key)
    if (claim === undefined) return
    const isUsed = async () =>
      pods.byIndex(BY_CLAIM, key).some(isPlaced) || (await isUsedByNow(key))
    await holdWhile(client.resource(claimKind), claim, {
      finalizer: CLAIM_PROTECTION,
      isUsed: isDeleting(claim) ? await isUsed() : true,
    })
  }

  // Our copy may lag behind a pod that was bound a moment ago, whose data would be gone.
  async function isUsedByNow(key: string): Promise<boolean> {
    const { namespace } = splitKey(key)
    const { items } = await client.resource(podKind).list({ namespace })
    return items.some((pod) => isPlaced(pod) && claimsOf(pod).includes(key))
  }
}
