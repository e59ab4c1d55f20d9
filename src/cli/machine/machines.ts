// `ccs machine list`, `stop` and `start`.
import { isReason } from '#base/errors.ts'
import type { Client } from '#client/types.ts'
import { type Machine, machines } from '#kinds/ccs/machine.ts'
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
    empty: 'No machines.',
  })
}

async function getMachine(client: Client, name: string): Promise<Machine> {
  try {
    return await client.resource(machines).get({ name })
  } catch (error) {
    if (!isReason(error, 'NotFound')) throw error
    throw new Failure(
      `there is no machine "${name}". 'ccs machine list' shows what there is`,
      EXIT.notFound,
    )
  }
}

const POLL_MS = 200

/** Sets the machine's power and waits until it is so. */
export async function powerMachine(
  context: CommandContext,
  name: string,
  power: 'Running' | 'Stopped',
  options: MachineOptions,
): Promise<void> {
  const client = await clientOf(findInstance(options))
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
    const line = `machine "${name}": ${phase}`
    if (line !== said) context.say(line)
    said = line
    if (context.clock.now() > deadline)
      throw new Failure(
        `machine "${name}" is ${phase} after ${options.timeout} s, not ${power}; it goes on`,
        EXIT.timeout,
      )
    await context.clock.sleep(POLL_MS)
  }
}
