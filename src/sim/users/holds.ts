// Users who keep a deployment from being gone when it is deleted, for a while.
import type { Deployment } from '#kinds/k8s/apps.ts'
import { isDeleting } from '#kinds/meta.ts'
import { keyOf } from '#kinds/object.ts'
import { deployments } from '#kinds/refs.ts'
import { HOLD } from '../checks/finalizers-honoured.ts'
import { deploymentsOfUsers } from './deployments.ts'
import { between, edit, oneOf, type UserContext, type Users } from './user-context.ts'

const holdSeconds = { least: 30, most: 300 } as const

export function holdUsers(context: UserContext): Users {
  const resource = context.member.resource(deployments)

  async function hold(): Promise<string | undefined> {
    const deployment = oneOf(context, await deploymentsOfUsers(context))
    if (deployment === undefined || isDeleting(deployment)) return undefined
    await edit(context, resource, deployment, ({ metadata }) => {
      metadata.finalizers = [...new Set([...(metadata.finalizers ?? []), HOLD])]
    })
    const seconds = between(context, holdSeconds.least, holdSeconds.most)
    context.clock.after(seconds * 1_000, () => {
      // Whatever comes between, the mending at the end lets go too.
      release(deployment).catch(() => context.trace.note('user: could not let go of a hold'))
    })
    return `${keyOf(deployment)} for ${seconds} s`
  }

  const release = (deployment: Deployment) =>
    edit(context, resource, deployment, ({ metadata }) => {
      context.letGo(metadata.uid)
      metadata.finalizers = metadata.finalizers?.filter((name) => name !== HOLD)
    })

  return {
    actions: [{ name: 'hold', weight: 0.5, act: hold }],
    async mend() {
      for (const deployment of await deploymentsOfUsers(context))
        if (deployment.metadata.finalizers?.includes(HOLD)) await release(deployment)
    },
  }
}
