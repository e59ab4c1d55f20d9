// What must be so on a computer, whether there is an instance yet or not.
import { type Check, type CheckRow, runChecks } from './check.ts'
import { clockCheck } from './clock.ts'
import { diskCheck } from './disk.ts'
import { firewallCheck } from './firewall.ts'
import { kernelCheck } from './kernel.ts'
import { limitsCheck } from './limits.ts'
import { memoryCheck } from './memory.ts'
import { toolsCheck } from './tools.ts'

/** What the checks are told: where the instance is or shall be, and whether it runs. */
export interface Computer {
  id: string
  dataDir: string
  /** Whether processes of the instance run already. */
  isRunning: boolean
  nowMs: number
  /** When the instance was made; undefined before that. */
  createdAtMs: number | undefined
}

/** Packages first: the others run their programs. */
const CHECKS: readonly Check<Computer>[] = [
  toolsCheck,
  kernelCheck,
  memoryCheck,
  diskCheck,
  limitsCheck,
  firewallCheck,
  clockCheck,
]

export const checkComputer = (computer: Computer): Promise<CheckRow[]> =>
  runChecks(CHECKS, computer)
