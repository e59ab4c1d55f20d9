// A machine type: how large a machine is. Prices come with billing.
import type { KubeObject, Quantity } from '#kinds/object.ts'
import { ccsRef } from './group.ts'

export interface MachineTypeSpec {
  cpu: Quantity
  memory: Quantity
  /** Kept from pods for the machine's own processes. */
  reserved?: { cpu?: Quantity; memory?: Quantity }
  podsMax?: number
}

export interface MachineType extends KubeObject {
  spec: MachineTypeSpec
}

export const machineTypes = ccsRef<MachineType>('MachineType', 'machinetypes', false)
