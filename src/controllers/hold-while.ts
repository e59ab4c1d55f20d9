import { isReason } from '#base/errors.ts'
import type { ResourceClient } from '#client/types.ts'
import { addFinalizer, hasFinalizer, isDeleting, removeFinalizer } from '#kinds/meta.ts'
import type { KubeObject } from '#kinds/object.ts'

export interface Hold {
  finalizer: string
  isUsed: boolean
}

/** Puts a finalizer on an object that is used, and takes it off a deleted one that is not. */
export async function holdWhile<T extends KubeObject>(
  resource: ResourceClient<T>,
  object: T,
  { finalizer, isUsed }: Hold,
): Promise<void> {
  // Nothing can be put on what is being deleted.
  if (
    isUsed
      ? isDeleting(object) || hasFinalizer(object, finalizer)
      : !hasFinalizer(object, finalizer)
  )
    return
  const draft = structuredClone(object)
  if (isUsed) addFinalizer(draft, finalizer)
  else removeFinalizer(draft, finalizer)
  try {
    await resource.update(draft)
  } catch (error) {
    // Of a newer version we are told, and look again.
    if (!isReason(error, 'NotFound') && !isReason(error, 'Conflict')) throw error
  }
}
