// A replica set controller without expectations: it believes its informer and forgets what it has just made.
import { WorkQueue } from '#base/work-queue.ts'
import type { ControllerContext } from '#controllers/context.ts'
import type { ReplicaSet } from '#kinds/k8s/apps.ts'
import type { Pod } from '#kinds/k8s/core.ts'
import { controllerOf, controllerReference, isDeleting } from '#kinds/meta.ts'
import { keyOf } from '#kinds/object.ts'
import { pods, replicaSets } from '#kinds/refs.ts'
import type { StartProcess } from '../processes.ts'
import { startControllersBut } from './controllers-but.ts'

export const forgetfulControllers: StartProcess = (context) => {
  startControllersBut('replicaSet', context)
  forgetfulReplicaSets(context)
}

function forgetfulReplicaSets({ client, informers, ...rest }: ControllerContext): void {
  const sets = informers.informer(replicaSets)
  const known = informers.informer(pods)
  const queue = new WorkQueue({ ...rest, name: 'forgetful', reconcile })
  async function reconcile(key: string) {
    const set = sets.get(key)
    if (!set) return
    const own = known
      .list()
      .filter((pod) => controllerOf(pod)?.uid === set.metadata.uid && !isDeleting(pod))
    const missing = (set.spec.replicas ?? 1) - own.length
    for (let i = 0; i < missing; i++) await client.resource(pods).create(podOf(set))
    for (const pod of own.slice(0, Math.max(0, -missing)))
      await client.resource(pods).delete(pod.metadata)
  }
  const podSeen = (pod: Pod) => {
    const owner = controllerOf(pod)
    if (owner) queue.add(`${pod.metadata.namespace}/${owner.name}`)
  }
  sets.on({ added: (set) => queue.add(keyOf(set)), updated: (set) => queue.add(keyOf(set)) })
  known.on({ added: podSeen, updated: podSeen, deleted: podSeen })
  queue.start()
}

function podOf({ metadata, spec: { template } }: ReplicaSet): Pod {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: '',
      generateName: `${metadata.name}-`,
      namespace: metadata.namespace,
      labels: template?.metadata?.labels,
      ownerReferences: [controllerReference({ metadata }, replicaSets)],
    },
    spec: template!.spec!,
  }
}
