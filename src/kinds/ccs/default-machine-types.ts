// The machine types every instance starts with. Names as Tencent's: a series, a size that says how many
// cores, and the memory in GiB ("s1.medium4" has 2 cores and 4 GiB).
import { CCS_API_VERSION } from './group.ts'
import type { MachineType, MachineTypeSpec } from './machine-type.ts'

const RESERVED = { cpu: '100m', memory: '256Mi' } as const
const RESERVED_LARGE = { cpu: '200m', memory: '512Mi' } as const

const CATALOGUE = {
  's1.small1': { cpu: '1', memory: '1Gi', reserved: RESERVED, podsMax: 32 },
  's1.small2': { cpu: '1', memory: '2Gi', reserved: RESERVED, podsMax: 64 },
  's1.medium2': { cpu: '2', memory: '2Gi', reserved: RESERVED, podsMax: 64 },
  's1.medium4': { cpu: '2', memory: '4Gi', reserved: RESERVED, podsMax: 110 },
  's1.large4': { cpu: '4', memory: '4Gi', reserved: RESERVED, podsMax: 110 },
  's1.large8': { cpu: '4', memory: '8Gi', reserved: RESERVED_LARGE, podsMax: 110 },
  's1.2xlarge16': { cpu: '8', memory: '16Gi', reserved: RESERVED_LARGE, podsMax: 110 },
} as const satisfies Readonly<Record<string, MachineTypeSpec>>

/** What a machine is when nobody says otherwise. */
export const DEFAULT_MACHINE_TYPE: keyof typeof CATALOGUE = 's1.medium2'

export const defaultMachineTypes: readonly MachineType[] = Object.entries(CATALOGUE).map(
  ([name, spec]) => ({
    apiVersion: CCS_API_VERSION,
    kind: 'MachineType',
    metadata: { name },
    spec: structuredClone(spec),
  }),
)
