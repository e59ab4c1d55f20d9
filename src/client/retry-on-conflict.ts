import { isReason } from '#base/errors.ts'
import { limits } from '#base/limits.ts'

/**
 * Runs a read-modify-write again when another writer came between. `attempt` must read the object
 * itself, or the same conflict comes back.
 */
export async function retryOnConflict<R>(attempt: () => Promise<R>): Promise<R> {
  for (let tries = 1; ; tries++) {
    try {
      return await attempt()
    } catch (error) {
      if (!isReason(error, 'Conflict') || tries >= limits.conflictRetriesMax) throw error
    }
  }
}
