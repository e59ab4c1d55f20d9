import type { MachineTypeSpec } from './machine-type.ts'
import { fields, integer, quantity, type Schema } from './schema.ts'

export const machineTypeSchema: Schema = {
  type: 'object',
  description: 'How large a machine is.',
  required: ['spec'],
  properties: {
    spec: fields<MachineTypeSpec>(
      {
        cpu: quantity(),
        memory: quantity(),
        reserved: fields<NonNullable<MachineTypeSpec['reserved']>>({
          cpu: quantity(),
          memory: quantity(),
        }),
        podsMax: integer({ minimum: 1, maximum: 250 }),
      },
      ['cpu', 'memory'],
    ),
  },
}
