// `ccs service create`.
import { isReason } from '#base/errors.ts'
import type { Client } from '#client/types.ts'
import {
  containerServices,
  type ContainerService,
  type ContainerServiceSpec,
} from '#kinds/ccs/container-service.ts'
import { CCS_API_VERSION } from '#kinds/ccs/group.ts'
import { namespaces } from '#kinds/refs.ts'
import { clientOf, type CommandContext, findInstance, outputFormat } from '../context.ts'
import { Failure } from '../failure.ts'
import { renderValue } from '../output.ts'
import { requireCluster } from '../require-cluster.ts'
import {
  checkName,
  type FoundService,
  projectOf,
  type ServiceOptions,
  type ServicePlace,
} from './find-service.ts'
import { type SpecFlags, withFlags } from './spec-flags.ts'
import { Rejection, waitForService } from './wait-for-service.ts'

export interface CreateOptions extends ServiceOptions, SpecFlags {
  image: string
  cluster: string
  wait: boolean
  timeout: number
}

/** Makes the project, a namespace of the hub, when it is not there. */
async function ensureProject(client: Client, project: string): Promise<void> {
  try {
    await client.resource(namespaces).create({
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name: project },
      spec: {},
    })
  } catch (error) {
    if (!isReason(error, 'AlreadyExists')) throw error
  }
}

async function create(
  client: Client,
  place: ServicePlace,
  spec: ContainerServiceSpec,
): Promise<ContainerService> {
  try {
    return await client.resource(containerServices).create({
      apiVersion: CCS_API_VERSION,
      kind: 'ContainerService',
      metadata: place,
      spec,
    })
  } catch (error) {
    if (!isReason(error, 'AlreadyExists')) throw error
    throw new Failure(
      `project "${place.namespace}" has a service "${place.name}" already. ` +
        `'ccs service update ${place.name} --image IMAGE' changes it`,
    )
  }
}

/** What cannot be is not left behind: its user tries again with the same name. */
async function becomeReady(
  context: CommandContext,
  found: Omit<FoundService, 'service'>,
  created: ContainerService,
  { timeout }: CreateOptions,
): Promise<ContainerService> {
  try {
    return await waitForService(context, found, timeout)
  } catch (error) {
    if (!(error instanceof Rejection)) throw error
    const { uid } = created.metadata
    await found.client
      .resource(containerServices)
      .delete(found.place, uid === undefined ? {} : { preconditions: { uid } })
    throw new Failure(`service "${found.place.name}" was not made: ${error.message}`)
  }
}

export async function createService(
  context: CommandContext,
  name: string,
  words: readonly string[],
  options: CreateOptions,
): Promise<void> {
  const place = { namespace: projectOf(options), name }
  checkName('service', name)
  checkName('project', place.namespace)
  const { cluster, image } = options
  const spec = withFlags(name, { cluster, image }, options, words)
  const instance = findInstance(options)
  const client = await clientOf(instance)
  await requireCluster(client, cluster)
  await ensureProject(client, place.namespace)
  const created = await create(client, place, spec)
  context.say(`service "${name}" created in project "${place.namespace}"`)
  const found = { client, place, cluster: () => clientOf(instance, cluster) }
  const service = options.wait ? await becomeReady(context, found, created, options) : created
  const format = outputFormat(options)
  if (format !== 'table') context.print(renderValue(service, format))
  else if (service.status?.url) context.print(service.status.url)
}
