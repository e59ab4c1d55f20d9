import { isDeepStrictEqual } from 'node:util'
import { isReason } from '#base/errors.ts'
import { retryOnConflict } from '#client/retry-on-conflict.ts'
import type { ResourceClient } from '#client/types.ts'
import type { KubeObject } from '#kinds/object.ts'

interface WithStatus extends KubeObject {
  status?: unknown
}

/** The value as JSON says it: absent and undefined are the same. */
const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value ?? null))

/**
 * Writes a status when it differs. Only one controller writes the status of a kind, so that a newer
 * version of the object is no reason not to; a newer incarnation of its name is.
 */
export async function writeStatus<T extends WithStatus>(
  resource: ResourceClient<T>,
  object: T,
  status: NonNullable<T['status']>,
): Promise<void> {
  if (isDeepStrictEqual(plain(object.status), plain(status))) return
  let newest: T | undefined = object
  try {
    await retryOnConflict(async () => {
      newest ??= await resource.get(object.metadata)
      if (newest.metadata.uid !== object.metadata.uid) return
      const wanted = { ...newest, status }
      newest = undefined
      await resource.updateStatus(wanted)
    })
  } catch (error) {
    // Deleted meanwhile: there is no status to keep.
    if (!isReason(error, 'NotFound')) throw error
  }
}
