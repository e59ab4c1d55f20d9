// Teams that come with a namespace of their own, and go with all that is in it.
import { isDeleting } from '#kinds/meta.ts'
import { deployments, namespaces, services } from '#kinds/refs.ts'
import { deploymentObject } from './deployment-object.ts'
import { TEAM_REPLICAS_MAX } from './deployments.ts'
import { someImage } from './images.ts'
import { serviceObject } from './services.ts'
import { between, oneOf, type UserContext, type Users } from './user-context.ts'

/** Few, so that a name soon comes again. */
const TEAMS = ['team-1', 'team-2']

export function namespaceUsers(context: UserContext): Users {
  const { member } = context
  const resource = member.resource(namespaces)

  async function create(): Promise<string | undefined> {
    const taken = (await resource.list()).items.map(({ metadata }) => metadata.name)
    const name = oneOf(
      context,
      TEAMS.filter((team) => !taken.includes(team)),
    )
    if (name === undefined) return undefined
    await resource.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name }, spec: {} })
    const wish = { name: 'web', namespace: name, image: someImage(context) }
    const replicas = between(context, 1, TEAM_REPLICAS_MAX)
    await member.resource(deployments).create(deploymentObject({ ...wish, replicas }))
    await member.resource(services).create(serviceObject({ name: 'web', namespace: name }))
    return `${name} with ${replicas} of ${wish.image}`
  }

  async function remove(): Promise<string | undefined> {
    const { items } = await resource.list()
    const team = oneOf(
      context,
      items.filter((one) => TEAMS.includes(one.metadata.name) && !isDeleting(one)),
    )
    if (team === undefined) return undefined
    context.disturbed(`${team.metadata.name}/web`)
    await resource.delete(team.metadata)
    return team.metadata.name
  }

  return {
    actions: [
      { name: 'create namespace', weight: 1, act: create },
      { name: 'delete namespace', weight: 0.7, act: remove },
    ],
  }
}
