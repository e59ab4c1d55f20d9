// Tells a member cluster that a machine was stopped on purpose: the taint by which Kubernetes gives up a
// node's pods at once instead of waiting for it (non-graceful node shutdown).
import { isReason } from '#base/errors.ts'
import { retryOnConflict } from '#client/retry-on-conflict.ts'
import type { Client } from '#client/types.ts'
import type { Taint } from '#kinds/k8s/core.ts'
import { nodes } from '#kinds/refs.ts'

const OUT_OF_SERVICE = {
  key: 'node.kubernetes.io/out-of-service',
  value: 'nodeshutdown',
  effect: 'NoExecute',
} as const satisfies Taint

/** A node that does not exist yet, or any more, needs no taint. */
async function ifNodeExists(work: () => Promise<void>): Promise<void> {
  try {
    await work()
  } catch (error) {
    if (!isReason(error, 'NotFound')) throw error
  }
}

export function setOutOfService(
  client: Client,
  node: string,
  isOutOfService: boolean,
): Promise<void> {
  const resource = client.resource(nodes)
  const read = () =>
    retryOnConflict(async () => {
      const object = await resource.get({ name: node })
      const taints = object.spec.taints ?? []
      const others = taints.filter(({ key }) => key !== OUT_OF_SERVICE.key)
      if (others.length < taints.length === isOutOfService) return
      const next = isOutOfService ? [...others, OUT_OF_SERVICE] : others
      await resource.update({ ...object, spec: { ...object.spec, taints: next } })
    })
  return ifNodeExists(read)
}

export function deleteNode(client: Client, node: string): Promise<void> {
  return ifNodeExists(() => client.resource(nodes).delete({ name: node }))
}
