import type { Pod } from '#kinds/k8s/core.ts'
import { podRequests } from '#kinds/pod-resources.ts'
import { isPodFinished } from '#kinds/pod-status.ts'
import { nodes, pods } from '#kinds/refs.ts'
import { amountsOf } from '#kinds/resource-amounts.ts'
import type { Check, CheckContext } from './check.ts'

/** The pods of a node never ask for more than the node has. */
export function noOvercommit({ state, report }: CheckContext): Check {
  return {
    changed({ kind, object }) {
      const name = kind === 'Pod' ? (object as Pod).spec.nodeName : undefined
      const node = name === undefined ? undefined : state.get(nodes, name)
      if (node === undefined) return
      const here = state
        .list(pods)
        .filter((pod) => pod.spec.nodeName === name && !isPodFinished(pod))
      const taken: Record<string, number> = { pods: here.length }
      for (const pod of here)
        for (const [resource, amount] of Object.entries(podRequests(pod)))
          taken[resource] = (taken[resource] ?? 0) + amount
      const allocatable = amountsOf(node.status?.allocatable)
      for (const [resource, amount] of Object.entries(taken))
        if (amount > (allocatable[resource] ?? 0))
          report(
            `node ${name} has ${allocatable[resource]} of ${resource}, its pods ask for ${amount}`,
          )
    },
  }
}
