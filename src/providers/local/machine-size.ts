// What a machine type means for a machine: limits of its cgroups and what its node offers.
import type { MachineTypeSpec } from '#kinds/ccs/machine-type.ts'
import type { MachineStatus } from '#kinds/ccs/machine.ts'
import { milliOf, quantityOfBytes, quantityOfMilli, wholeOf } from '#kinds/quantity.ts'
import type { CgroupLimits } from '#linux/cgroup-limits.ts'

/** Kept for containerd and its shims where a type says nothing. */
const RESERVED_DEFAULT = { cpu: '100m', memory: '256Mi' } as const
const PODS_DEFAULT = 110
/** Processes of all pods of a machine together: stops a fork bomb before the computer's own limit. */
const PIDS_MAX = 32_768
/** Share of the disk that is offered to pods; the rest keeps images and the machine itself alive. */
const DISK_ALLOCATABLE_SHARE = 0.85

export interface MachineSize {
  machine: CgroupLimits
  pods: CgroupLimits
  capacity: NonNullable<MachineStatus['capacity']>
  allocatable: NonNullable<MachineStatus['allocatable']>
}

export function sizeMachine(type: MachineTypeSpec, disk: { sizeBytes: number }): MachineSize {
  const reserved = { ...RESERVED_DEFAULT, ...type.reserved }
  const cpu = { total: milliOf(type.cpu), reserved: milliOf(reserved.cpu) }
  const memory = { total: wholeOf(type.memory), reserved: wholeOf(reserved.memory) }
  if (cpu.reserved >= cpu.total || memory.reserved >= memory.total)
    throw new RangeError(
      `the machine type leaves nothing for pods: it has cpu ${type.cpu} and memory ${type.memory}, of which cpu ${reserved.cpu} and memory ${reserved.memory} are reserved`,
    )
  const podsCpu = cpu.total - cpu.reserved
  const podsMemory = memory.total - memory.reserved
  const pods = String(type.podsMax ?? PODS_DEFAULT)
  return {
    machine: { cpuMillis: cpu.total, memoryBytes: memory.total, pidsMax: PIDS_MAX },
    pods: { cpuMillis: podsCpu, memoryBytes: podsMemory },
    capacity: {
      cpu: quantityOfMilli(cpu.total),
      memory: quantityOfBytes(memory.total),
      pods,
      'ephemeral-storage': quantityOfBytes(disk.sizeBytes),
    },
    allocatable: {
      cpu: quantityOfMilli(podsCpu),
      memory: quantityOfBytes(podsMemory),
      pods,
      'ephemeral-storage': quantityOfBytes(Math.floor(disk.sizeBytes * DISK_ALLOCATABLE_SHARE)),
    },
  }
}
