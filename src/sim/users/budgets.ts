// Users who say how many of their pods must stay.
import type { PodDisruptionBudget } from '#kinds/k8s/policy.ts'
import { keyOf } from '#kinds/object.ts'
import { deployments, podDisruptionBudgets } from '#kinds/refs.ts'
import { edit, oneOf, type UserContext, type Users } from './user-context.ts'

const WISHES: Pick<PodDisruptionBudget['spec'], 'minAvailable' | 'maxUnavailable'>[] = [
  { minAvailable: 1 },
  { minAvailable: 2 },
  { minAvailable: '50%' },
  { maxUnavailable: 1 },
  { maxUnavailable: '30%' },
]

export function budgetUsers(context: UserContext): Users {
  const resource = context.member.resource(podDisruptionBudgets)
  const chosen = async () => oneOf(context, (await resource.list()).items.filter(isUsers))

  async function create(): Promise<string | undefined> {
    const deployment = oneOf(context, (await context.member.resource(deployments).list()).items)
    const app = deployment?.metadata.labels?.['app']
    if (deployment === undefined || app === undefined) return undefined
    const wish = oneOf(context, WISHES)!
    const { name, namespace } = deployment.metadata
    await resource.create({
      apiVersion: 'policy/v1',
      kind: 'PodDisruptionBudget',
      metadata: { name, namespace, labels: { app } },
      spec: { ...wish, selector: { matchLabels: { app } } },
    })
    return `${namespace}/${name} ${JSON.stringify(wish)}`
  }

  async function change(): Promise<string | undefined> {
    const budget = await chosen()
    if (budget === undefined) return undefined
    const wish = oneOf(context, WISHES)!
    await edit(context, resource, budget, ({ spec }) => {
      delete spec.minAvailable
      delete spec.maxUnavailable
      Object.assign(spec, wish)
    })
    return `${keyOf(budget)} to ${JSON.stringify(wish)}`
  }

  async function remove(): Promise<string | undefined> {
    const budget = await chosen()
    if (budget === undefined) return undefined
    await resource.delete(budget.metadata)
    return keyOf(budget)
  }

  return {
    actions: [
      { name: 'create budget', weight: 2, act: create },
      { name: 'change budget', weight: 1, act: change },
      { name: 'delete budget', weight: 0.7, act: remove },
    ],
  }
}

/** The platform's own are its own. */
const isUsers = ({ metadata }: PodDisruptionBudget) => metadata.labels?.['app'] !== undefined
