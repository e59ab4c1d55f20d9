// Users of the product who make projects and services in the hub, and give projects up.
import { containerServices, type ContainerService } from '#kinds/ccs/container-service.ts'
import { CCS_API_VERSION } from '#kinds/ccs/group.ts'
import { keyOf } from '#kinds/object.ts'
import { namespaces } from '#kinds/refs.ts'
import { CLUSTER } from '../real-processes.ts'
import { ACCESS, REPLICAS_MAX } from './container-services.ts'
import { someImage } from './images.ts'
import { between, oneOf, type UserContext, type Users } from './user-context.ts'

const PROJECT = 'shop'
const NAMES = ['front', 'back', 'batch']

export function projectUsers(context: UserContext): Users {
  const { hub } = context
  const resource = hub.resource(containerServices)
  const all = async () => (await resource.list()).items

  async function ensureProject(): Promise<void> {
    const { items } = await hub.resource(namespaces).list()
    if (items.some(({ metadata }) => metadata.name === PROJECT)) return
    const metadata = { name: PROJECT }
    await hub
      .resource(namespaces)
      .create({ apiVersion: 'v1', kind: 'Namespace', metadata, spec: {} })
  }

  async function create(): Promise<string | undefined> {
    await ensureProject()
    const taken = (await all()).map(({ metadata }) => metadata.name)
    const name = oneOf(
      context,
      NAMES.filter((one) => !taken.includes(one)),
    )
    if (name === undefined) return undefined
    const spec: ContainerService['spec'] = {
      cluster: CLUSTER,
      image: someImage(context),
      replicas: between(context, 1, REPLICAS_MAX),
      ports: [{ port: 80, targetPort: 8080 }],
      resources: { requests: { cpu: '500m' } },
      access: oneOf(context, ACCESS)!,
    }
    const metadata = { name, namespace: PROJECT }
    await resource.create({
      apiVersion: CCS_API_VERSION,
      kind: containerServices.kind,
      metadata,
      spec,
    })
    return `${PROJECT}/${name} with ${spec.replicas} of ${spec.image}`
  }

  async function removeProject(): Promise<string | undefined> {
    for (const service of await all()) context.disturbed(keyOf(service))
    await hub.resource(namespaces).delete({ name: PROJECT })
    return PROJECT
  }

  return {
    actions: [
      { name: 'create service of the hub', weight: 2, act: create },
      { name: 'delete project', weight: 0.2, act: removeProject },
    ],
  }
}
