// Why no node takes a pod, in the words users know from kube-scheduler.

function histogram(reasons: readonly string[]): string {
  const counts = new Map<string, number>()
  for (const reason of reasons) counts.set(reason, (counts.get(reason) ?? 0) + 1)
  return [...counts]
    .map(([reason, count]) => `${count} ${reason}`)
    .toSorted((a, b) => (a < b ? -1 : 1))
    .join(', ')
}

/** "0/2 nodes are available: 1 Insufficient cpu, 1 node(s) were unschedulable." */
export function explain(nodes: number, reasons: readonly string[]): string {
  return `0/${nodes} nodes are available: ${histogram(reasons)}.`
}

/**
 * The whole of it, with what came of the try to make room. There are no claims of devices here, so
 * there are never any to give up, which kube-scheduler says first.
 */
export function withPreemption(message: string, preemption: string): string {
  return `${message} no new claims to deallocate, preemption: ${preemption}`
}
