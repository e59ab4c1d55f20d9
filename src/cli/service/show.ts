// `ccs service list` and `ccs service get`.
import { containerServices, type ContainerService } from '#kinds/ccs/container-service.ts'
import { clientOf, type CommandContext, findInstance, outputFormat, show } from '../context.ts'
import { renderValue } from '../output.ts'
import {
  explanationOf,
  getService,
  projectOf,
  serviceColumns,
  type ServiceOptions,
} from './service-view.ts'

export interface ListOptions extends ServiceOptions {
  allProjects?: boolean
}

export async function listServices(context: CommandContext, options: ListOptions): Promise<void> {
  const client = await clientOf(findInstance(options))
  const namespace = options.allProjects ? undefined : projectOf(options)
  const { items } = await client.resource(containerServices).list({ namespace })
  const columns = serviceColumns(context.clock.now())
  show(context, options, {
    columns: options.allProjects
      ? [{ title: 'PROJECT', value: (s: ContainerService) => s.metadata.namespace }, ...columns]
      : columns,
    rows: items,
    value: items,
    empty:
      namespace === undefined
        ? "No services yet. Create one with 'ccs service create NAME --image IMAGE --port PORT'."
        : `No services in project "${namespace}". Create one with 'ccs service create NAME --image IMAGE --port PORT'.`,
  })
}

export async function showService(
  context: CommandContext,
  name: string,
  options: ServiceOptions,
): Promise<void> {
  const client = await clientOf(findInstance(options))
  const service = await getService(client, { namespace: projectOf(options), name })
  const format = outputFormat(options)
  if (format !== 'table') return context.print(renderValue(service, format))
  const { spec, status } = service
  const lines: [string, string | undefined][] = [
    ['Name', name],
    ['Project', service.metadata.namespace],
    ['Cluster', spec.cluster],
    ['Status', status?.phase ?? 'Pending'],
    ['Reason', explanationOf(service)],
    ['Instances', `${status?.readyReplicas ?? 0} ready of ${spec.replicas ?? 1}`],
    ['Image', spec.image],
    ['Runs', status?.image],
    ['URL', status?.url],
    ['Address', status?.address],
    ['Host name', status?.hostname],
  ]
  for (const [title, value] of lines)
    if (value !== undefined) context.print(`${`${title}:`.padEnd(12)} ${value}`)
}
