// A step of the bench: what it measures, and what it needs for that.
import type { LiveInstance } from './live-instance.ts'
import type { Row } from './rows.ts'
import type { ApiTarget } from './api-target.ts'

/** Programs, and rights, that a step cannot do without. */
export type Need = 'root' | 'kubectl'

export interface BenchContext {
  /** A directory on the disk that an instance would use. */
  directory: string
  /** The one instance of this run, with the sample service; made when first asked for. */
  live: () => Promise<LiveInstance>
  /** The API under the rows that are about the API alone: ours, or another program's (--server). */
  target: () => Promise<ApiTarget>
  /** Something to know beside the table. */
  note: (line: string) => void
}

export interface Step {
  name: string
  needs?: readonly Need[]
  timeoutMs: number
  measure(context: BenchContext): Promise<Row[]>
}
