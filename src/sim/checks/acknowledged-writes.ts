import type { ApiCall } from '#base/api-call.ts'
import type { KubeObject } from '#kinds/object.ts'
import type { Check } from './check.ts'

export interface AcknowledgedWrites extends Check {
  /** The API, with its acknowledgements noted. */
  noting(call: ApiCall): ApiCall
  /** Writes that were acknowledged and never came to be. */
  missing(): string[]
}

/** What the server said it wrote is there, whatever happens to the server afterwards. */
export function acknowledgedWrites(kinds: readonly string[]): AcknowledgedWrites {
  const seen = new Set<string>()
  const promised = new Set<string>()
  const writeOf = ({ kind, metadata }: KubeObject) => `${kind} @${metadata.resourceVersion}`
  return {
    changed({ object }) {
      seen.add(writeOf(object))
      promised.delete(writeOf(object))
    },
    noting: (call) => async (request) => {
      const response = await call(request)
      if (request.method === 'GET' || response.type !== 'object') return response
      const object = response.body as KubeObject
      const isObserved =
        kinds.includes(object.kind) && object.metadata.resourceVersion !== undefined
      if (isObserved && !seen.has(writeOf(object))) promised.add(writeOf(object))
      return response
    },
    missing: () => [...promised],
  }
}
