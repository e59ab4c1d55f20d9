// Operators of machines by kubectl: cordon, and delete Node objects.
import type { Node } from '#kinds/k8s/core.ts'
import { nodes } from '#kinds/refs.ts'
import { edit, oneOf, type UserContext, type Users } from './user-context.ts'

/** How long a deletion of a Node is felt: until its pods are away, and others are ready. */
const DELETION_ECHO_MS = 60_000

export function nodeUsers(context: UserContext): Users {
  const resource = context.member.resource(nodes)
  const chosen = async () => oneOf(context, (await resource.list()).items)
  const setCordon = (node: Node, unschedulable: boolean) =>
    edit(context, resource, node, ({ spec }) => void (spec.unschedulable = unschedulable))

  /** Or uncordons, when it is. */
  async function cordon(): Promise<string | undefined> {
    const node = await chosen()
    if (node === undefined) return undefined
    const unschedulable = !node.spec.unschedulable
    await setCordon(node, unschedulable)
    return `${node.metadata.name} ${unschedulable}`
  }

  /** The node registers anew. */
  async function remove(): Promise<string | undefined> {
    const node = await chosen()
    if (node === undefined) return undefined
    context.allDisturbed(context.clock.monotonic() + DELETION_ECHO_MS)
    await resource.delete(node.metadata)
    return node.metadata.name
  }

  return {
    actions: [
      { name: 'cordon', weight: 0.5, act: cordon },
      { name: 'delete node', weight: 0.2, act: remove },
    ],
    async mend() {
      for (const node of (await resource.list()).items) await setCordon(node, false)
    },
  }
}
