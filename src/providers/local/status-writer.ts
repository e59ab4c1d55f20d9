// Writes status and finalizers of an object by reading it anew, so that other writers' parts stay.
import { isDeepStrictEqual } from 'node:util'
import { isReason } from '#base/errors.ts'
import { retryOnConflict } from '#client/retry-on-conflict.ts'
import type { Client } from '#client/types.ts'
import type { KubeObject } from '#kinds/object.ts'
import type { KindRef } from '#kinds/ref.ts'

/** Sets the status to what `edit` makes of the newest one; writes nothing when nothing changes. */
export async function writeStatus<S extends object>(
  client: Client,
  target: { kind: KindRef<KubeObject & { status?: S }>; name: string },
  edit: (status: S | undefined) => NoInfer<S>,
): Promise<void> {
  const resource = client.resource(target.kind)
  await retryOnConflict(async () => {
    const object = await resource.get({ name: target.name })
    const status: S = edit(object.status)
    if (!isDeepStrictEqual(status, object.status))
      await resource.updateStatus({ ...object, status })
  })
}

/** Adds or removes a finalizer; an object that is gone needs neither. */
export async function setFinalizer<T extends KubeObject>(
  client: Client,
  target: { kind: KindRef<T>; name: string },
  { finalizer, present }: { finalizer: string; present: boolean },
): Promise<void> {
  const resource = client.resource(target.kind)
  try {
    await retryOnConflict(async () => {
      const object = await resource.get({ name: target.name })
      const finalizers = object.metadata.finalizers ?? []
      if (finalizers.includes(finalizer) === present) return
      const next = present
        ? [...finalizers, finalizer]
        : finalizers.filter((each) => each !== finalizer)
      await resource.update({ ...object, metadata: { ...object.metadata, finalizers: next } })
    })
  } catch (error) {
    if (present || !isReason(error, 'NotFound')) throw error
  }
}

interface WithSpec extends KubeObject {
  spec: object
}

/**
 * Whether an update is more than our own write of status: that one must not start the work again, or an
 * object whose work fails would never wait.
 */
export function changedByOthers<T extends WithSpec>(now: T, before: T): boolean {
  const relevant = ({ spec, metadata }: T) => [
    spec,
    metadata.uid,
    metadata.deletionTimestamp,
    metadata.finalizers,
  ]
  return !isDeepStrictEqual(relevant(now), relevant(before))
}
