// `ccs status`: what runs and where. Its JSON form is a contract, see docs/cli.md.
import { clusters as clusterKind } from '#kinds/ccs/cluster.ts'
import { machines as machineKind } from '#kinds/ccs/machine.ts'
import { findService, SERVICES } from '#setup/services.ts'
import {
  clientOf,
  type CommandContext,
  type CommonOptions,
  findInstance,
  type FoundInstance,
  outputFormat,
} from './context.ts'
import { describeError } from '#base/log.ts'
import { EXIT, Failure } from './failure.ts'
import { renderTable, renderValue } from './output.ts'

export interface StatusReport {
  version: string
  instance: string
  phase: 'Running' | 'Degraded' | 'Stopped'
  addresses: { api: string; registry: string; dns: string }
  clusters: {
    name: string
    ready: boolean
    machines: { name: string; zone: string; phase: string }[]
  }[]
}

async function clustersOf(found: FoundInstance): Promise<StatusReport['clusters']> {
  const hub = await clientOf(found)
  const machines = (await hub.resource(machineKind).list()).items
  return (await hub.resource(clusterKind).list()).items.map((cluster) => ({
    name: cluster.metadata.name,
    ready: cluster.status?.phase === 'Ready',
    machines: machines
      .filter((machine) => machine.spec.cluster === cluster.metadata.name)
      .map((machine) => ({
        name: machine.metadata.name,
        zone: machine.spec.zone,
        phase: machine.status?.phase ?? 'Pending',
      })),
  }))
}

async function report(found: FoundInstance): Promise<{ status: StatusReport; problems: string[] }> {
  const { file, paths } = found
  const away = SERVICES.filter((name) => findService(paths, name) === undefined)
  const problems = away.map((name) => `the ${name} process does not run`)
  let clusters: StatusReport['clusters'] = []
  if (!away.includes('engine'))
    try {
      clusters = await clustersOf(found)
    } catch (error) {
      problems.push(`the engine does not answer: ${describeError(error)}`)
    }
  for (const cluster of clusters)
    if (!cluster.ready) problems.push(`cluster ${cluster.name} is not ready`)
  const stopped = away.length === SERVICES.length
  const status: StatusReport = {
    version: file.version,
    instance: file.id,
    phase: stopped ? 'Stopped' : problems.length > 0 ? 'Degraded' : 'Running',
    addresses: {
      api: `https://127.0.0.1:${file.ports.api}`,
      registry: `127.0.0.1:${file.ports.registry}`,
      dns: `127.0.0.1:${file.ports.dns}`,
    },
    clusters,
  }
  return { status, problems }
}

/** Exits with 0 when all runs, 1 when something is wrong, 4 when it is stopped. */
export async function showStatus(context: CommandContext, options: CommonOptions): Promise<void> {
  const { status, problems } = await report(findInstance(options))
  const format = outputFormat(options)
  if (format !== 'table') context.print(renderValue(status, format))
  else {
    context.print(`ccs ${status.version}, instance ${status.instance}: ${status.phase}`)
    for (const problem of problems) context.print(`  ${problem}`)
    for (const [name, address] of Object.entries(status.addresses))
      context.print(`${name.padEnd(9)} ${address}`)
    const rows = status.clusters.flatMap((cluster) =>
      cluster.machines.map((machine) => ({ cluster: cluster.name, ...machine })),
    )
    if (rows.length > 0)
      context.print(
        `\n${renderTable(
          [
            { title: 'CLUSTER', value: (row: (typeof rows)[number]) => row.cluster },
            { title: 'MACHINE', value: (row) => row.name },
            { title: 'ZONE', value: (row) => row.zone },
            { title: 'STATUS', value: (row) => row.phase },
          ],
          rows,
        )}`,
      )
  }
  if (status.phase === 'Stopped')
    throw new Failure("ccs is stopped. Start it with 'ccs up'", EXIT.notRunning)
  if (status.phase === 'Degraded') throw new Failure(problems.join('; '), EXIT.failed)
}
