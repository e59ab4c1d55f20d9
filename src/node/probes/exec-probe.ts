import { type Runtime, isRuntimeError } from '../runtime/runtime.ts'
import type { ProbeResult } from './prober.ts'

/** Characters of a command's output that a kubelet reads. */
const OUTPUT_CHARACTERS_MAX = 10 * 1024

/** A container is well when a command in it ends with 0. Rejects when it could not be run. */
export async function execProbe(
  runtime: Runtime,
  containerId: string,
  { command, timeoutMs }: { command: string[]; timeoutMs: number },
): Promise<ProbeResult> {
  const timeoutSeconds = timeoutMs / 1000
  try {
    const { exitCode, stdout, stderr } = await runtime.exec(containerId, command, timeoutSeconds)
    return { ok: exitCode === 0, output: `${stdout}${stderr}`.slice(0, OUTPUT_CHARACTERS_MAX) }
  } catch (error) {
    if (!isRuntimeError(error, 'DeadlineExceeded')) throw error
    const output = `command timed out: "${command.join(' ')}" timed out after ${timeoutSeconds}s`
    return { ok: false, output }
  }
}
