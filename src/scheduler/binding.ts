// Binds a pod to a node. An error does not tell whether the binding took effect, and to assume wrongly
// would overcommit the node; so the pod is read again until we know.
import { backoffDelayMs } from '#base/backoff.ts'
import type { Clock } from '#base/clock.ts'
import { isReason } from '#base/errors.ts'
import type { Random } from '#base/random.ts'
import type { Client } from '#client/types.ts'
import type { Binding, Pod } from '#kinds/k8s/core.ts'
import { pods } from '#kinds/refs.ts'
import { limits } from './limits.ts'

export type BindOutcome =
  | { type: 'bound' }
  /** Somebody bound it, perhaps we ourselves: this is the pod as it is now. */
  | { type: 'found'; pod: Pod }
  | { type: 'gone' }
  | { type: 'failed'; error: unknown }

export interface BindTools {
  client: Client
  clock: Clock
  random: Random
  signal: AbortSignal
}

export async function bind(tools: BindTools, pod: Pod, nodeName: string): Promise<BindOutcome> {
  const { name, namespace, uid } = pod.metadata
  const body: Binding = {
    apiVersion: 'v1',
    kind: 'Binding',
    // The uid keeps us from binding a successor of the same name.
    metadata: { name, namespace, uid },
    target: { apiVersion: 'v1', kind: 'Node', name: nodeName },
  }
  try {
    await tools.client.resource(pods).subresource('POST', { name, namespace }, 'binding', body)
    return { type: 'bound' }
  } catch (error) {
    return await readOutcome(tools, pod, error)
  }
}

async function readOutcome(tools: BindTools, pod: Pod, error: unknown): Promise<BindOutcome> {
  const { client, clock, random, signal } = tools
  for (let failures = 0; ; failures++) {
    signal.throwIfAborted()
    try {
      const now = await client.resource(pods).get(pod.metadata)
      if (now.metadata.uid !== pod.metadata.uid) return { type: 'gone' }
      return now.spec?.nodeName ? { type: 'found', pod: now } : { type: 'failed', error }
    } catch (cause) {
      if (isReason(cause, 'NotFound')) return { type: 'gone' }
    }
    await clock.sleep(backoffDelayMs(limits.rereadBackoff, failures, random), signal)
  }
}
