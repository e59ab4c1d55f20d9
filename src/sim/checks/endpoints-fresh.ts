import type { EndpointSlice } from '#kinds/k8s/discovery.ts'
import { isPodReady } from '#kinds/pod-status.ts'
import { keyOf } from '#kinds/object.ts'
import { endpointSlices, pods, services } from '#kinds/refs.ts'
import type { Check, CheckContext } from './check.ts'

/** Crashes, stalled watches and back-offs in a row. */
const STALE_MS = 300_000

/** A pod that is gone or not ready does not stay an endpoint of a service. */
export function endpointsFresh({ state, clock, report }: CheckContext): Check {
  const wrongSince = new Map<string, number>()

  function wrongOf(slice: EndpointSlice): string[] {
    const { namespace, labels } = slice.metadata
    const service = state.get(services, `${namespace}/${labels?.['kubernetes.io/service-name']}`)
    if (service === undefined || service.spec.publishNotReadyAddresses) return []
    return (slice.endpoints ?? []).flatMap(({ targetRef, conditions }) => {
      if (conditions?.ready !== true || targetRef?.kind !== 'Pod') return []
      const pod = state.get(pods, `${targetRef.namespace}/${targetRef.name}`)
      const isRight = pod !== undefined && pod.metadata.uid === targetRef.uid && isPodReady(pod)
      return isRight ? [] : [`${keyOf(slice)} has pod ${targetRef.name}, which is not ready`]
    })
  }

  return {
    passed() {
      const wrong = new Set(state.list(endpointSlices).flatMap(wrongOf))
      for (const known of wrongSince.keys()) if (!wrong.has(known)) wrongSince.delete(known)
      for (const problem of wrong) {
        const since = wrongSince.get(problem) ?? clock.monotonic()
        wrongSince.set(problem, since)
        if (clock.monotonic() - since > STALE_MS)
          report(`endpoint slice ${problem} for ${(clock.monotonic() - since) / 1_000} s`)
      }
    },
  }
}
