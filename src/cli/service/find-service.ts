// Finds what a command names, or says what there is.
import { didYouMean } from '#base/closest-word.ts'
import { isReason } from '#base/errors.ts'
import type { Client } from '#client/types.ts'
import { containerServices, type ContainerService } from '#kinds/ccs/container-service.ts'
import { nameLimits } from '#kinds/ccs/limits.ts'
import { clientOf, type CommonOptions, findInstance } from '../context.ts'
import { EXIT, Failure } from '../failure.ts'

export const DEFAULT_PROJECT = 'default'

export interface ServiceOptions extends CommonOptions {
  project?: string
}

const NAME = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/

/** Services and projects are parts of host names. */
export function checkName(what: 'service' | 'project' | 'robot', name: string): void {
  if (NAME.test(name) && name.length <= nameLimits.serviceLengthMax) return
  throw new Failure(
    `"${name}" is no name for a ${what}: it takes lower-case letters, digits and '-', ` +
      `at most ${nameLimits.serviceLengthMax} of them, such as web-1`,
    EXIT.usage,
  )
}

export const projectOf = (options: ServiceOptions) => options.project ?? DEFAULT_PROJECT

export interface ServicePlace {
  namespace: string
  name: string
}

async function suggestion(client: Client, { namespace, name }: ServicePlace): Promise<string> {
  const { items } = await client.resource(containerServices).list()
  const inProject = items.filter((service) => service.metadata.namespace === namespace)
  const names = inProject.map(({ metadata }) => metadata.name)
  const elsewhere = items.find((service) => service.metadata.name === name)?.metadata.namespace
  if (elsewhere !== undefined)
    return ` There is one in project "${elsewhere}": add -p ${elsewhere}.`
  return didYouMean(name, names)
}

export async function getService(client: Client, place: ServicePlace): Promise<ContainerService> {
  try {
    return await client.resource(containerServices).get(place)
  } catch (error) {
    if (!isReason(error, 'NotFound')) throw error
    throw new Failure(
      `there is no service "${place.name}" in project "${place.namespace}".${await suggestion(client, place)} ` +
        `'ccs service list' shows what there is`,
      EXIT.notFound,
    )
  }
}

export interface FoundService {
  /** Of the hub. */
  client: Client
  place: ServicePlace
  service: ContainerService
  /** A client of the cluster the service runs in. */
  cluster: () => Promise<Client>
}

/** The service that a command names, with the clients to ask of it. */
export async function findService(name: string, options: ServiceOptions): Promise<FoundService> {
  checkName('service', name)
  const place = { namespace: projectOf(options), name }
  checkName('project', place.namespace)
  const instance = findInstance(options)
  const client = await clientOf(instance)
  const service = await getService(client, place)
  return { client, place, service, cluster: () => clientOf(instance, service.spec.cluster) }
}
