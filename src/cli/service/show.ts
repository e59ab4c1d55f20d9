// `ccs service list` and `ccs service get`.
import { containerServices, type ContainerService } from '#kinds/ccs/container-service.ts'
import { serviceDefaults } from '#kinds/ccs/container-service.ts'
import { shortImage } from '#kinds/ccs/image-name.ts'
import { checkedPort, protocolOf, targetOf } from '#kinds/ccs/validate-container-service.ts'
import { clientOf, type CommandContext, findInstance, outputFormat, show } from '../context.ts'
import { renderTable, renderValue } from '../output.ts'
import { checkName, findService, projectOf, type ServiceOptions } from './find-service.ts'
import { instanceColumns, type InstanceRow, instanceRows } from './instances.ts'
import { explanationOf, serviceColumns } from './service-view.ts'

export interface ListOptions extends ServiceOptions {
  allProjects?: boolean
}

export async function listServices(context: CommandContext, options: ListOptions): Promise<void> {
  const namespace = options.allProjects ? undefined : projectOf(options)
  if (namespace !== undefined) checkName('project', namespace)
  const client = await clientOf(findInstance(options))
  const { items } = await client.resource(containerServices).list({ namespace })
  const columns = serviceColumns(context.clock.now())
  const elsewhere =
    items.length > 0 || namespace === undefined
      ? []
      : (await client.resource(containerServices).list()).items
  const hint =
    elsewhere.length > 0
      ? ` Other projects have some: 'ccs service list -A' shows them.`
      : " Create one with 'ccs service create NAME --image IMAGE --port PORT'."
  show(context, options, {
    columns: options.allProjects
      ? [{ title: 'PROJECT', value: (s: ContainerService) => s.metadata.namespace }, ...columns]
      : columns,
    rows: items,
    value: items,
    empty: `${namespace === undefined ? 'No services yet.' : `No services in project "${namespace}".`}${hint}`,
  })
}

function portsText({ spec }: ContainerService): string | undefined {
  const ports = spec.ports ?? []
  if (ports.length === 0) return undefined
  return ports
    .map((port) => `${port.port}/${protocolOf(port)} to ${targetOf(port)} of the container`)
    .join(', ')
}

function readinessText({ spec }: ContainerService): string {
  const { type = serviceDefaults.readiness.type, path = '/' } = spec.readiness ?? {}
  const port = checkedPort(spec)
  if (type === 'None' || port === undefined) return 'none: an instance that runs gets requests'
  return type === 'HTTP' ? `GET ${path} on port ${port}` : `a connection to port ${port}`
}

function amountsText({ spec }: ContainerService): string | undefined {
  const texts = (['requests', 'limits'] as const).flatMap((list) => {
    const entries = Object.entries(spec.resources?.[list] ?? {})
    return entries.length === 0 ? [] : [`${list} ${entries.map((one) => one.join('=')).join(',')}`]
  })
  return texts.length === 0 ? undefined : texts.join('; ')
}

function overview(service: ContainerService): [string, string | undefined][] {
  const { spec, status, metadata } = service
  const instances = `${status?.readyReplicas ?? 0} ready of ${spec.replicas ?? 1}`
  return [
    ['Name', metadata.name],
    ['Project', metadata.namespace],
    ['Cluster', spec.cluster],
    ['Status', status?.phase ?? 'Pending'],
    ['Reason', explanationOf(service)],
    ['Instances', instances],
    ['Image', shortImage(spec.image)],
    ['Runs', status?.image],
    ['Revision', status?.revision?.toString()],
    ['URL', status?.url],
    ['Address', status?.address],
    ['Host name', status?.hostname],
    ['Ports', portsText(service)],
    ['Readiness', readinessText(service)],
    ['Resources', amountsText(service)],
    ['Env', (spec.env ?? []).map(({ name }) => name).join(', ') || undefined],
  ]
}

/** One line for each thing that is wrong, however many instances have it. */
function problemsOf(rows: readonly InstanceRow[]): string[] {
  const byText = new Map<string, string[]>()
  for (const { name, problem } of rows)
    if (problem !== undefined) byText.set(problem, [...(byText.get(problem) ?? []), name])
  return [...byText].map(([problem, names]) => `${names.join(', ')}: ${problem}`)
}

export async function showService(
  context: CommandContext,
  name: string,
  options: ServiceOptions,
): Promise<void> {
  const { service, place, cluster } = await findService(name, options)
  const format = outputFormat(options)
  if (format !== 'table') return context.print(renderValue(service, format))
  for (const [title, value] of overview(service))
    if (value !== undefined) context.print(`${`${title}:`.padEnd(12)} ${value}`)
  const isServed = service.status?.conditions?.[0]?.reason !== 'NoCluster'
  const rows = isServed ? await instanceRows(await cluster(), place) : []
  if (rows.length === 0) return
  context.print(`\n${renderTable(instanceColumns(context.clock.now()), rows)}`)
  const problems = problemsOf(rows)
  if (problems.length > 0)
    context.print(`\nNot well:\n${problems.map((line) => `  ${line}`).join('\n')}`)
}
