// Whether there is memory for ccs and for what is to run in it.
import { availableMemory } from 'node:process'
import { type Check, fail, type Finding, ok, renderSize, warn } from './check.ts'

const MIB = 1024 * 1024

/** What an idle instance needs: 200 MiB measured (proportional, two machines), and room to work in. */
export const OWN_BYTES = 300 * MIB
/** With less than this left beside ccs nothing useful runs, and the kernel begins to kill. */
const LEFT_BYTES_MIN = 64 * MIB
const LEFT_BYTES_COMFORT = 512 * MIB

export function judgeMemory(availableBytes: number, isRunning: boolean): Finding {
  // What runs has its memory already.
  const own = isRunning ? 0 : OWN_BYTES
  const left = availableBytes - own
  const needs = isRunning ? '' : `, ccs itself needs ${renderSize(own)}`
  const mend =
    "free some ('ps aux --sort=-rss | head' shows who has it), or give this computer more"
  if (left < LEFT_BYTES_MIN)
    return fail(
      `only ${renderSize(availableBytes)} of memory are available${needs}: too little for containers beside it`,
      mend,
    )
  const room = `${renderSize(availableBytes)} of memory are available${needs}; ${renderSize(left)} are left for containers`
  return left < LEFT_BYTES_COMFORT ? warn(room, mend) : ok(room)
}

export const memoryCheck: Check<{ isRunning: boolean }> = {
  name: 'memory',
  // Node's figure heeds the limit of the cgroup that this command, and so ccs, runs in.
  look: ({ isRunning }) => [judgeMemory(availableMemory(), isRunning)],
}
