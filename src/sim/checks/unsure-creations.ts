import type { ApiCall } from '#base/api-call.ts'
import type { Clock } from '#base/clock.ts'

export interface UnsureCreations {
  noting(call: ApiCall): ApiCall
  /** Pods that were asked for of late and whose creation nobody was told of. */
  recent(sinceMs: number): number
}

/** Who does not hear whether a pod was created makes another by right. */
export function unsureCreations(clock: Clock): UnsureCreations {
  const unsure = new Set<{ atMs: number }>()
  return {
    noting: (call) => async (request) => {
      if (request.method !== 'POST' || !request.path.endsWith('/pods')) return call(request)
      const creation = { atMs: clock.monotonic() }
      unsure.add(creation)
      // It stays when the call fails, and also when its caller dies before the answer.
      const response = await call(request)
      unsure.delete(creation)
      return response
    },
    recent(sinceMs) {
      for (const creation of unsure) if (creation.atMs < sinceMs) unsure.delete(creation)
      return unsure.size
    },
  }
}
