// Why no node takes a pod, in the words users know from kube-scheduler.

/**
 * "0/2 nodes are available: 1 Insufficient cpu, 1 node(s) were unschedulable.", from the reasons of each
 * node. Most nodes share one list of reasons, so those are counted first.
 */
export function explain(nodes: readonly (readonly string[])[]): string {
  const lists = new Map<readonly string[], number>()
  for (const reasons of nodes) lists.set(reasons, (lists.get(reasons) ?? 0) + 1)
  const counts = new Map<string, number>()
  for (const [reasons, count] of lists)
    for (const reason of reasons) counts.set(reason, (counts.get(reason) ?? 0) + count)
  const words = [...counts]
    .map(([reason, count]) => `${count} ${reason}`)
    .toSorted((a, b) => (a < b ? -1 : 1))
  return `0/${nodes.length} nodes are available: ${words.join(', ')}.`
}

/**
 * The whole of it, with what came of the try to make room. There are no claims of devices here, so
 * there are never any to give up, which kube-scheduler says first.
 */
export function withPreemption(message: string, preemption: string): string {
  return `${message} no new claims to deallocate, preemption: ${preemption}`
}
