// Operators of machines by the product: stop, which drains, and start.
import { type Machine, machines } from '#kinds/ccs/machine.ts'
import { edit, oneOf, type UserContext, type Users } from './user-context.ts'

export function machineUsers(context: UserContext): Users {
  const resource = context.hub.resource(machines)
  const setPower = (machine: Machine, power: Machine['spec']['power']) =>
    edit(context, resource, machine, ({ spec }) => void (spec.power = power))

  /** At most one is stopped at a time: the rest can take its pods. */
  async function toggle(): Promise<string | undefined> {
    const { items } = await resource.list()
    const stopped = items.find(({ spec }) => spec.power === 'Stopped')
    const machine = stopped ?? oneOf(context, items)
    if (machine === undefined) return undefined
    const power = stopped === undefined ? 'Stopped' : 'Running'
    await setPower(machine, power)
    return `${machine.metadata.name} to ${power}`
  }

  return {
    actions: [{ name: 'switch machine', weight: 1, act: toggle }],
    async mend() {
      for (const machine of (await resource.list()).items)
        if (machine.spec.power !== 'Running') await setPower(machine, 'Running')
    },
  }
}
