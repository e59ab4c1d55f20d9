// Why no node takes a pod, in the words users know from kube-scheduler.
import type { Refusal } from './filters.ts'

function histogram(reasons: readonly string[]): string {
  const counts = new Map<string, number>()
  for (const reason of reasons) counts.set(reason, (counts.get(reason) ?? 0) + 1)
  return [...counts]
    .map(([reason, count]) => `${count} ${reason}`)
    .toSorted()
    .join(', ')
}

/** "0/2 nodes are available: 1 Insufficient cpu, .... preemption: 0/2 nodes are available: ..." */
export function explainRefusals(refusals: readonly Refusal[]): string {
  if (refusals.length === 0) return 'no nodes available to schedule pods'
  const none = `0/${refusals.length} nodes are available`
  const preemption = refusals.map(({ resolvable }) =>
    resolvable
      ? 'No preemption victims found for incoming pod'
      : 'Preemption is not helpful for scheduling',
  )
  const why = histogram(refusals.flatMap(({ reasons }) => reasons))
  return `${none}: ${why}. preemption: ${none}: ${histogram(preemption)}.`
}
