// `ccs status`: what runs and where. Its JSON form is a contract, see docs/cli.md.
import { clusters as clusterKind } from '#kinds/ccs/cluster.ts'
import { machines as machineKind } from '#kinds/ccs/machine.ts'
import { findService, lastWords, PROCESSES, SERVICES } from '#setup/services.ts'
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
  /** Why it is Degraded, for people. */
  problems: string[]
}

const conditionOf = (
  conditions: readonly { status: string; message?: string | undefined }[] = [],
) => conditions.find(({ status, message }) => status !== 'True' && message)?.message

/** What is not as it was wished for, by what the objects say of themselves. */
async function problemsOf(found: FoundInstance): Promise<string[]> {
  const hub = await clientOf(found)
  const because = (
    status:
      | { conditions?: readonly { status: string; message?: string | undefined }[] }
      | undefined,
  ) => {
    const why = conditionOf(status?.conditions)
    return why === undefined ? '' : `: ${why}`
  }
  const clusters = (await hub.resource(clusterKind).list()).items
    .filter(({ status }) => status?.phase !== 'Ready')
    .map(({ metadata, status }) => `cluster ${metadata.name} is not ready${because(status)}`)
  const machines = (await hub.resource(machineKind).list()).items
    .filter(({ spec, status }) => spec.power === 'Running' && status?.phase !== 'Running')
    .map(
      ({ metadata, status }) =>
        `machine ${metadata.name} is ${status?.phase ?? 'Pending'}${because(status)}`,
    )
  return [...clusters, ...machines]
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

async function report(found: FoundInstance): Promise<StatusReport> {
  const { file, paths } = found
  const away = PROCESSES.filter((name) => findService(paths, name) === undefined)
  const problems = away.map((name) => {
    const words = lastWords(paths, name)
    return `the ${name} process does not run${words === '' ? '' : ` (its last words: ${words})`}`
  })
  let clusters: StatusReport['clusters'] = []
  if (!away.includes('engine'))
    try {
      clusters = await clustersOf(found)
      problems.push(...(await problemsOf(found)))
    } catch (error) {
      problems.push(`the engine does not answer: ${describeError(error)}`)
    }
  const isStopped = SERVICES.every((name) => away.includes(name))
  return {
    version: file.version,
    instance: file.id,
    phase: isStopped ? 'Stopped' : problems.length > 0 ? 'Degraded' : 'Running',
    addresses: {
      api: `https://127.0.0.1:${file.ports.api}`,
      registry: `127.0.0.1:${file.ports.registry}`,
      dns: `127.0.0.1:${file.ports.dns}`,
    },
    clusters,
    problems: isStopped ? [] : problems,
  }
}

/** Exits with 0 when all runs, 1 when something is wrong, 4 when it is stopped. */
export async function showStatus(context: CommandContext, options: CommonOptions): Promise<void> {
  const status = await report(findInstance(options))
  const format = outputFormat(options)
  if (format !== 'table') context.print(renderValue(status, format))
  else {
    context.print(`ccs ${status.version}, instance ${status.instance}: ${status.phase}`)
    for (const problem of status.problems) context.print(`  ${problem}`)
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
  if (status.phase === 'Degraded')
    throw new Failure(`${status.problems.join('; ')}. 'ccs doctor' looks closer`, EXIT.failed)
}
