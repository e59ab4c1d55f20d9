// Users of the product who change services of the hub.
import { containerServices } from '#kinds/ccs/container-service.ts'
import { isDeleting } from '#kinds/meta.ts'
import { keyOf } from '#kinds/object.ts'
import { deployments } from '#kinds/refs.ts'
import { isGood, MENDED_IMAGE, someImage } from './images.ts'
import { below, edit, oneOf, type UserContext, type Users } from './user-context.ts'

export const REPLICAS_MAX = 3
export const ACCESS = ['Public', 'Cluster', 'None'] as const

export function containerServiceUsers(context: UserContext): Users {
  const { hub, member } = context
  const resource = hub.resource(containerServices)
  const all = async () => (await resource.list()).items
  const chosen = async () =>
    oneOf(
      context,
      (await all()).filter((one) => !isDeleting(one)),
    )

  async function change(): Promise<string | undefined> {
    const service = await chosen()
    if (service === undefined) return undefined
    const [image, replicas, access] = [
      someImage(context),
      below(context, REPLICAS_MAX + 1),
      oneOf(context, ACCESS)!,
    ]
    const wish = oneOf(context, [{ image }, { replicas }, { access }])!
    await edit(context, resource, service, ({ spec }) => void Object.assign(spec, wish))
    return `${keyOf(service)} to ${JSON.stringify(wish)}`
  }

  /** Changes what the platform made, which takes it back. */
  async function meddle(): Promise<string | undefined> {
    const service = await chosen()
    if (service === undefined) return undefined
    const made = member.resource(deployments)
    context.disturbed(keyOf(service))
    const { name, namespace } = service.metadata
    const live = await made.get({ name, namespace })
    await edit(context, made, live, ({ spec }) => void (spec.replicas = below(context, 3)))
    return keyOf(service)
  }

  async function remove(): Promise<string | undefined> {
    const service = await chosen()
    if (service === undefined) return undefined
    context.disturbed(keyOf(service))
    await resource.delete(service.metadata)
    return keyOf(service)
  }

  return {
    actions: [
      { name: 'change service of the hub', weight: 3, act: change },
      { name: 'meddle with a service of the hub', weight: 0.5, act: meddle },
      { name: 'delete service of the hub', weight: 0.7, act: remove },
    ],
    async mend() {
      for (const service of (await all()).filter((one) => !isDeleting(one)))
        await edit(context, resource, service, ({ spec }) => {
          if (!isGood(spec.image)) spec.image = MENDED_IMAGE
        })
    },
  }
}
