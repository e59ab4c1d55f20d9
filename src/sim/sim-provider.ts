// The provider of simulated machines: switches them on and off as their owners wish, when they are drained.
import { WorkQueue } from '#base/work-queue.ts'
import type { Controller } from '#controllers/context.ts'
import { DRAINED, type Machine, type MachineStatus, machines } from '#kinds/ccs/machine.ts'
import { isConditionTrue } from '#kinds/meta.ts'
import type { Outages } from './nodes/outages.ts'
import type { ProcessContext, StartProcess } from './processes.ts'

export function createProvider(context: ProcessContext, outages: Outages): Controller {
  const { hub, clock, random, log } = context
  const known = hub.informers.informer(machines)
  const queue = new WorkQueue({ name: 'machines', reconcile, clock, random, log })
  const changed = ({ metadata }: Machine) => queue.add(metadata.name)
  known.on({ added: changed, updated: changed })
  return queue

  async function reconcile(name: string) {
    const machine = known.get(name)
    if (machine === undefined) return
    const phase = phaseOf(machine)
    if (phase === 'Stopped') outages.begin(name, 'stopped')
    else outages.end(name, 'stopped')
    if (machine.status?.phase === phase) return
    const status: MachineStatus = { ...machine.status, phase }
    await hub.client.resource(machines).updateStatus({ ...machine, status })
  }
}

export const providerProcess =
  (outages: Outages): StartProcess =>
  (context) =>
    createProvider(context, outages).start()

function phaseOf({ spec, status }: Machine): MachineStatus['phase'] {
  if (spec.power === 'Running') return 'Running'
  if (status?.phase === 'Stopped') return 'Stopped'
  return isConditionTrue(status?.conditions, DRAINED) ? 'Stopped' : 'Running'
}
