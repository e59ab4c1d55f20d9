// `ccs machine list`, `stop` and `start`.
import { didYouMean } from '#base/closest-word.ts'
import { isReason } from '#base/errors.ts'
import type { Client } from '#client/types.ts'
import { type Machine, machines } from '#kinds/ccs/machine.ts'
import { pods } from '#kinds/refs.ts'
import {
  clientOf,
  type CommandContext,
  type CommonOptions,
  findInstance,
  show,
} from '../context.ts'
import { EXIT, Failure } from '../failure.ts'
import { renderAge } from '../output.ts'
import { requireCluster } from '../require-cluster.ts'

export interface MachineOptions extends CommonOptions {
  cluster?: string
  wait: boolean
  timeout: number
}

export async function listMachines(
  context: CommandContext,
  options: MachineOptions,
): Promise<void> {
  const client = await clientOf(findInstance(options))
  if (options.cluster !== undefined) await requireCluster(client, options.cluster)
  const { items } = await client.resource(machines).list()
  const rows = items.filter(
    (machine) => options.cluster === undefined || machine.spec.cluster === options.cluster,
  )
  const now = context.clock.now()
  show(context, options, {
    columns: [
      { title: 'NAME', value: (m: Machine) => m.metadata.name },
      { title: 'CLUSTER', value: (m) => m.spec.cluster },
      { title: 'ZONE', value: (m) => m.spec.zone },
      { title: 'TYPE', value: (m) => m.spec.type },
      { title: 'STATUS', value: (m) => m.status?.phase ?? 'Pending' },
      { title: 'ADDRESS', value: (m) => m.status?.address ?? '<none>' },
      { title: 'AGE', value: (m) => renderAge(m.metadata.creationTimestamp, now) },
    ],
    rows,
    value: rows,
    empty:
      options.cluster === undefined
        ? "No machines. 'ccs up' makes the first two."
        : `Cluster "${options.cluster}" has no machines.`,
  })
}

async function getMachine(client: Client, name: string): Promise<Machine> {
  try {
    return await client.resource(machines).get({ name })
  } catch (error) {
    if (!isReason(error, 'NotFound')) throw error
    const { items } = await client.resource(machines).list()
    const names = items.map(({ metadata }) => metadata.name)
    throw new Failure(
      `there is no machine "${name}".${didYouMean(name, names)} 'ccs machine list' shows what there is`,
      EXIT.notFound,
    )
  }
}

const POLL_MS = 200

const NAMED_MAX = 3

/** Names of the pods that still run there. */
async function podsLeft(cluster: Client, machine: string): Promise<string[]> {
  const { items } = await cluster.resource(pods).list({
    fieldSelector: `spec.nodeName=${machine},status.phase!=Succeeded,status.phase!=Failed`,
  })
  return items.map(({ metadata }) => metadata.name)
}

function drainText(left: readonly string[]): string {
  if (left.length === 0) return 'all is moved away'
  const more = left.length > NAMED_MAX ? ', ...' : ''
  return `${left.length} to move elsewhere: ${left.slice(0, NAMED_MAX).join(', ')}${more}`
}

/** Sets the machine's power and waits until it is so. */
export async function powerMachine(
  context: CommandContext,
  name: string,
  power: 'Running' | 'Stopped',
  options: MachineOptions,
): Promise<void> {
  const instance = findInstance(options)
  const client = await clientOf(instance)
  const before = await getMachine(client, name)
  if (before.spec.power !== power)
    await client.resource(machines).patch({ name }, { spec: { power } })
  if (!options.wait) return
  const deadline = context.clock.now() + options.timeout * 1000
  let said = ''
  for (;;) {
    const machine = await getMachine(client, name)
    const phase = machine.status?.phase ?? 'Pending'
    if (phase === power) return context.say(`machine "${name}" is ${power.toLowerCase()}`)
    const draining = power === 'Stopped' && phase === 'Running'
    const left = draining ? await podsLeft(await clientOf(instance, before.spec.cluster), name) : []
    const line = `machine "${name}": ${draining ? drainText(left) : phase}`
    if (line !== said) context.say(line)
    said = line
    if (context.clock.now() > deadline)
      throw new Failure(
        `machine "${name}" is ${phase} after ${options.timeout} s, not ${power} (${line}); it goes on`,
        EXIT.timeout,
      )
    await context.clock.sleep(POLL_MS)
  }
}
