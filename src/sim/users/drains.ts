// Operators who drain machines by kubectl: cordon, evict until nothing is left, and take the cordon off.
import { isReason } from '#base/errors.ts'
import type { Node, Pod } from '#kinds/k8s/core.ts'
import { isDeleting } from '#kinds/meta.ts'
import { nodes, pods } from '#kinds/refs.ts'
import { edit, oneOf, type UserContext, type Users } from './user-context.ts'

const DRAIN_RETRY_MS = 5_000
const DRAIN_MS_MAX = 120_000

export function drainUsers(context: UserContext): Users {
  const resource = context.member.resource(nodes)
  const podResource = context.member.resource(pods)
  const setCordon = (node: Node, unschedulable: boolean) =>
    edit(context, resource, node, ({ spec }) => void (spec.unschedulable = unschedulable))

  async function drain(): Promise<string | undefined> {
    const { items } = await resource.list()
    const node = oneOf(context, items)
    if (node === undefined || items.some(({ spec }) => spec.unschedulable)) return undefined
    await setCordon(node, true)
    const untilMs = context.clock.monotonic() + DRAIN_MS_MAX
    void evictAll(node.metadata.name, untilMs).catch((error: unknown) => {
      context.trace.note(`user: drain of ${node.metadata.name} failed: ${(error as Error).message}`)
    })
    return node.metadata.name
  }

  async function evictAll(node: string, untilMs: number): Promise<void> {
    while (context.clock.monotonic() < untilMs) {
      const { items } = await podResource.list({ fieldSelector: `spec.nodeName=${node}` })
      const left = items.filter((pod) => !isDeleting(pod))
      if (left.length === 0) break
      for (const pod of left) await evict(pod)
      await context.clock.sleep(DRAIN_RETRY_MS)
    }
    const node_ = await resource.get({ name: node })
    await setCordon(node_, false)
    context.trace.note(`user: drained and uncordoned ${node}`)
  }

  async function evict({ metadata }: Pod): Promise<void> {
    const { name, namespace } = metadata
    const eviction = { apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name, namespace } }
    try {
      await podResource.subresource('POST', metadata, 'eviction', eviction)
    } catch (error) {
      const mayPass = ['NotFound', 'TooManyRequests', 'Conflict', 'InternalError'] as const
      if (!mayPass.some((reason) => isReason(error, reason))) throw error
    }
  }

  return { actions: [{ name: 'drain', weight: 1, act: drain }] }
}
