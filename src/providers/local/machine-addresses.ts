// Who has which address on a cluster's machine network. What is stored in status is the truth; what was
// given out since then is remembered until the cache shows it.
import type { Machine } from '#kinds/ccs/machine.ts'
import { type ClusterPlan, indexOfAddress, MACHINES_MAX, planMachine } from './network-plan.ts'
import type { MachineAddresses } from './network-plan.ts'

export class MachineAddressBook {
  /** By cluster: machine name to index. */
  readonly #given = new Map<string, Map<string, number>>()

  /** The machine's addresses: those it has, else the lowest free ones. `machines` are all that exist. */
  take(plan: ClusterPlan, machine: Machine, machines: readonly Machine[]): MachineAddresses {
    const { cluster } = machine.spec
    const given = this.#given.get(cluster) ?? new Map<string, number>()
    this.#given.set(cluster, given)
    for (const { metadata, spec, status } of machines) {
      if (spec.cluster !== cluster || status?.address === undefined) continue
      const stored = indexOfAddress(plan, status.address)
      if (stored !== undefined) given.set(metadata.name, stored)
    }
    const { name } = machine.metadata
    const taken = new Set(given.values())
    const free = Array.from({ length: MACHINES_MAX }, (_, index) => index)
    const index = given.get(name) ?? free.find((candidate) => !taken.has(candidate))
    if (index === undefined)
      throw new RangeError(`cluster ${cluster} has its ${MACHINES_MAX} machines already`)
    given.set(name, index)
    return planMachine(plan, index)
  }

  release(cluster: string, machine: string): void {
    this.#given.get(cluster)?.delete(machine)
  }
}
