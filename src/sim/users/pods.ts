// Users who run single pods, and who delete pods by hand.
import type { Pod } from '#kinds/k8s/core.ts'
import { controllerOf } from '#kinds/meta.ts'
import { keyOf } from '#kinds/object.ts'
import { isPodFinished } from '#kinds/pod-status.ts'
import { pods } from '#kinds/refs.ts'
import { sentinels } from '../nodes/pod-stages.ts'
import { oneOf, type UserContext, type Users } from './user-context.ts'

const NAMESPACE = 'default'
const ALONE_MAX = 4

export function podUsers(context: UserContext): Users {
  const resource = context.member.resource(pods)
  let made = 0
  const isAlone = (pod: Pod) => controllerOf(pod) === undefined

  async function run(): Promise<string | undefined> {
    const alone = (await resource.list({ namespace: NAMESPACE })).items.filter(isAlone)
    const over = alone.find(isPodFinished)
    if (over !== undefined) await resource.delete(over.metadata)
    if (alone.length >= ALONE_MAX) return undefined
    const name = `job-${++made}`
    const image = oneOf(context, ['sim/app', sentinels.once, sentinels.fail])!
    const restartPolicy = oneOf(context, ['Never', 'OnFailure', 'Always'] as const)!
    await resource.create({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name, namespace: NAMESPACE, labels: { job: name } },
      spec: {
        // A pod that fails for ever would never be right.
        restartPolicy: image === 'sim/app' ? restartPolicy : 'Never',
        terminationGracePeriodSeconds: 5,
        containers: [{ name: 'main', image, resources: { requests: { cpu: '100m' } } }],
      },
    })
    return `${name} of ${image}`
  }

  async function remove(): Promise<string | undefined> {
    const pod = oneOf(context, (await resource.list()).items)
    if (pod === undefined) return undefined
    const { namespace, labels } = pod.metadata
    context.disturbed(`${namespace}/${labels?.['app'] ?? labels?.['ccs.dev/service']}`)
    await resource.delete(pod.metadata)
    return keyOf(pod)
  }

  return {
    actions: [
      { name: 'run pod', weight: 1, act: run },
      { name: 'delete pod', weight: 2, act: remove },
    ],
  }
}
