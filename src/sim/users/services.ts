// Users who put Services before their deployments.
import type { Service } from '#kinds/k8s/core.ts'
import { keyOf } from '#kinds/object.ts'
import { deployments, services } from '#kinds/refs.ts'
import { edit, oneOf, type UserContext, type Users } from './user-context.ts'

const SERVICES_MAX = 8
const TYPES = ['ClusterIP', 'ClusterIP', 'NodePort', 'Headless'] as const

export function serviceObject(
  { name, namespace }: { name: string; namespace: string },
  type: (typeof TYPES)[number] = 'ClusterIP',
): Service {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name, namespace },
    spec: {
      selector: { app: name },
      ports: [{ name: 'http', port: 80, targetPort: 'http' }],
      ...(type === 'Headless' ? { clusterIP: 'None' } : { type }),
    },
  }
}

export function serviceUsers(context: UserContext): Users {
  const resource = context.member.resource(services)
  /** Services of users: the platform's and the API's own are somebody else's. */
  const own = async () =>
    (await resource.list()).items.filter(({ spec }) => spec.selector?.['app'] !== undefined)

  async function expose(): Promise<string | undefined> {
    const { items } = await context.member.resource(deployments).list()
    const deployment = oneOf(
      context,
      items.filter(({ metadata }) => metadata.labels?.['app'] !== undefined),
    )
    if (deployment === undefined || (await own()).length >= SERVICES_MAX) return undefined
    const { name, namespace = '' } = deployment.metadata
    const type = oneOf(context, TYPES)!
    await resource.create(serviceObject({ name, namespace }, type))
    return `${namespace}/${name} as ${type}`
  }

  async function change(): Promise<string | undefined> {
    const service = oneOf(context, await own())
    if (service === undefined || service.spec.clusterIP === 'None') return undefined
    const type = service.spec.type === 'NodePort' ? 'ClusterIP' : 'NodePort'
    await edit(context, resource, service, ({ spec }) => void (spec.type = type))
    return `${keyOf(service)} to ${type}`
  }

  async function remove(): Promise<string | undefined> {
    const service = oneOf(context, await own())
    if (service === undefined) return undefined
    await resource.delete(service.metadata)
    return keyOf(service)
  }

  return {
    actions: [
      { name: 'expose', weight: 2, act: expose },
      { name: 'change service', weight: 0.5, act: change },
      { name: 'delete service', weight: 1, act: remove },
    ],
  }
}
