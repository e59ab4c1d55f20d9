// Users who deploy.
import type { Deployment } from '#kinds/k8s/apps.ts'
import { keyOf } from '#kinds/object.ts'
import { deployments } from '#kinds/refs.ts'
import { deploymentObject, placementsOf } from './deployment-object.ts'
import { isGood, MENDED_IMAGE, someImage } from './images.ts'
import { below, between, edit, oneOf, type UserContext, type Users } from './user-context.ts'

/**
 * Together with what others run these just fit on the nodes, surge included: everything can become ready,
 * and whoever counts wrongly is soon found out.
 */
const most = { deployments: 4, replicas: 6 } as const
const NAMESPACE = 'default'
const PLATFORM_LABEL = 'ccs.dev/service'

const ROLLOUTS = [
  { maxSurge: 1, maxUnavailable: 0 },
  { maxSurge: '25%', maxUnavailable: '25%' },
  { maxSurge: 0, maxUnavailable: 1 },
  { maxSurge: 2, maxUnavailable: 1 },
]

export function deploymentUsers(context: UserContext): Users {
  const resource = context.member.resource(deployments)
  let made = 0

  const own = () => deploymentsOfUsers(context)
  const chosen = () => own().then((all) => oneOf(context, all))
  const change = (deployment: Deployment, how: (draft: Deployment) => void) =>
    edit(context, resource, deployment, how)

  async function create(): Promise<string | undefined> {
    const { items } = await resource.list({ namespace: NAMESPACE })
    if (items.length >= most.deployments) return undefined
    const name = `app-${++made}`
    const wish = {
      name,
      namespace: NAMESPACE,
      image: someImage(context),
      replicas: between(context, 1, most.replicas),
      strategy: { type: 'RollingUpdate' as const, rollingUpdate: oneOf(context, ROLLOUTS) },
      placement: oneOf(context, placementsOf(name))!,
    }
    await resource.create(deploymentObject(wish))
    return `${name} with ${wish.replicas} of ${wish.image}`
  }

  async function scale(): Promise<string | undefined> {
    const deployment = await chosen()
    if (deployment === undefined) return undefined
    const replicas = below(context, mostOf(deployment) + 1)
    await change(deployment, ({ spec }) => void (spec.replicas = replicas))
    return `${keyOf(deployment)} to ${replicas}`
  }

  async function update(): Promise<string | undefined> {
    const deployment = await chosen()
    if (deployment === undefined) return undefined
    const image = someImage(context)
    await change(deployment, ({ spec }) => void (spec.template.spec!.containers[0]!.image = image))
    return `${keyOf(deployment)} to ${image}`
  }

  async function pause(): Promise<string | undefined> {
    const deployment = await chosen()
    if (deployment === undefined) return undefined
    const paused = !deployment.spec.paused
    await change(deployment, ({ spec }) => void (spec.paused = paused))
    return `${keyOf(deployment)} ${paused}`
  }

  async function remove(): Promise<string | undefined> {
    const deployment = await chosen()
    if (deployment === undefined) return undefined
    context.disturbed(keyOf(deployment))
    const propagationPolicy = oneOf(context, ['Background', 'Foreground'] as const)!
    await resource.delete(deployment.metadata, { propagationPolicy })
    return `${keyOf(deployment)} in the ${propagationPolicy.toLowerCase()}`
  }

  return {
    actions: [
      { name: 'create deployment', weight: 3, act: create },
      { name: 'scale', weight: 3, act: scale },
      { name: 'update', weight: 4, act: update },
      { name: 'pause', weight: 0.5, act: pause },
      { name: 'delete deployment', weight: 1, act: remove },
    ],
    async mend() {
      for (const deployment of await own())
        await change(deployment, ({ spec }) => {
          const [container] = spec.template.spec!.containers
          if (!isGood(container!.image)) container!.image = MENDED_IMAGE
          spec.paused = false
        })
    },
  }
}

/** Teams have less room than the namespace that all share. */
const mostOf = ({ metadata }: Deployment): number =>
  metadata.namespace === NAMESPACE ? most.replicas : TEAM_REPLICAS_MAX

export const TEAM_REPLICAS_MAX = 3

/** The platform's own are its own. */
export async function deploymentsOfUsers({ member }: UserContext): Promise<Deployment[]> {
  const { items } = await member.resource(deployments).list()
  return items.filter(({ metadata }) => metadata.labels?.[PLATFORM_LABEL] === undefined)
}
