import type { Pod } from '#kinds/k8s/core.ts'
import type { Check, CheckContext } from './check.ts'

const ORDER: Record<string, number> = { Pending: 0, Running: 1, Succeeded: 2, Failed: 2 }

/** A pod's phase never goes back, and what is over stays over. */
export function phasesForward({ report }: CheckContext): Check {
  return {
    changed({ type, kind, key, object, previous }) {
      if (kind !== 'Pod' || type !== 'MODIFIED') return
      const before = (previous as Pod).status?.phase ?? 'Pending'
      const now = (object as Pod).status?.phase ?? 'Pending'
      const isOverAndElse = ORDER[before] === 2 && now !== before
      if (isOverAndElse || ORDER[now]! < ORDER[before]!)
        report(`the phase of pod ${key} went from ${before} to ${now}`)
    },
  }
}
