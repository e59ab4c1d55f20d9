import { isReason } from '#base/errors.ts'
import type { Client } from '#client/types.ts'
import {
  containerServices,
  type ContainerService,
  type ContainerServiceSpec,
  type ServicePort,
} from '#kinds/ccs/container-service.ts'
import { CCS_API_VERSION } from '#kinds/ccs/group.ts'
import { namespaces } from '#kinds/refs.ts'
import { clientOf, type CommandContext, findInstance, outputFormat } from '../context.ts'
import { EXIT, Failure } from '../failure.ts'
import { renderValue } from '../output.ts'
import { requireCluster } from '../require-cluster.ts'
import { checkName, projectOf, type ServiceOptions, waitForService } from './service-view.ts'

export interface CreateOptions extends ServiceOptions {
  image: string
  replicas: number
  port: string[]
  env: string[]
  cluster: string
  access: 'Public' | 'Cluster' | 'None'
  wait: boolean
  timeout: number
}

const PORT_MAX = 65_535

function portNumber(text: string, whole: string): number {
  const port = Number(text)
  if (!Number.isInteger(port) || port < 1 || port > PORT_MAX)
    throw new Failure(
      `--port "${whole}": "${text}" is no port; write 8080 or 80:8080 (balancer:container)`,
      EXIT.usage,
    )
  return port
}

/** "8080", "80:8080" or "53:5353/udp". */
export function parsePort(text: string): ServicePort {
  const [ports, protocol = 'tcp', ...rest] = text.split('/')
  const upper = protocol.toUpperCase()
  if (rest.length > 0 || (upper !== 'TCP' && upper !== 'UDP'))
    throw new Failure(`--port "${text}": the protocol is tcp or udp`, EXIT.usage)
  const [port, target, ...more] = (ports ?? '').split(':')
  if (more.length > 0) throw new Failure(`--port "${text}": write 8080 or 80:8080`, EXIT.usage)
  return {
    port: portNumber(port ?? '', text),
    ...(target === undefined ? {} : { targetPort: portNumber(target, text) }),
    protocol: upper,
  }
}

export function parseEnv(text: string): { name: string; value: string } {
  const equals = text.indexOf('=')
  if (equals < 1) throw new Failure(`--env "${text}": write NAME=VALUE`, EXIT.usage)
  return { name: text.slice(0, equals), value: text.slice(equals + 1) }
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
  place: { namespace: string; name: string },
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

export async function createService(
  context: CommandContext,
  name: string,
  options: CreateOptions,
): Promise<void> {
  const project = projectOf(options)
  checkName('service', name)
  checkName('project', project)
  const spec: ContainerServiceSpec = {
    cluster: options.cluster,
    image: options.image,
    replicas: options.replicas,
    access: options.access,
    ports: options.port.map(parsePort),
    env: options.env.map(parseEnv),
  }
  const client = await clientOf(findInstance(options))
  await requireCluster(client, options.cluster)
  await ensureProject(client, project)
  const place = { namespace: project, name }
  const created = await create(client, place, spec)
  context.say(`service "${name}" created in project "${project}"`)
  const service = options.wait
    ? await waitForService(context, client, place, {
        timeoutSeconds: options.timeout,
        generation: created.metadata.generation ?? 1,
      })
    : created
  const format = outputFormat(options)
  if (format !== 'table') context.print(renderValue(service, format))
  else if (service.status?.url) context.print(service.status.url)
}
