// Lets go of deleted volumes that no claim has, and holds those that are not deleted.
import type { ReconcileResult } from '#base/work-queue.ts'
import type { PersistentVolume } from '#kinds/k8s/core.ts'
import { isDeleting } from '#kinds/meta.ts'
import { VOLUME_PROTECTION } from '#kinds/protection.ts'
import { persistentVolumes as volumeKind } from '#kinds/refs.ts'
import type { Controller, ControllerContext } from './context.ts'
import { holdWhile } from './hold-while.ts'
import { keyedController } from './keyed-controller.ts'

export function createVolumeProtectionController(context: ControllerContext): Controller {
  const { client, informers } = context
  const volumes = informers.informer(volumeKind)
  const controller = keyedController(context, {
    name: 'volume-protection',
    needs: [volumes],
    reconcile,
  })
  const changed = ({ metadata }: PersistentVolume) => controller.add(metadata.name)
  volumes.on({ added: changed, updated: changed })
  return controller

  async function reconcile(name: string): Promise<ReconcileResult> {
    const volume = volumes.get(name)
    if (volume === undefined) return
    await holdWhile(client.resource(volumeKind), volume, {
      finalizer: VOLUME_PROTECTION,
      isUsed: !isDeleting(volume) || volume.status?.phase === 'Bound',
    })
  }
}
