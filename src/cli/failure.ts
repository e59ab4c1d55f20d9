// How a command ends badly: an exit code for scripts and a message that says what to do.
import { isReason, StatusError } from '#base/errors.ts'
import { describeError } from '#base/log.ts'

/** Exit codes, part of the contract with scripts; documented in docs/cli.md. */
export const EXIT = { ok: 0, failed: 1, usage: 2, notFound: 3, notRunning: 4, timeout: 5 } as const
export type ExitCode = (typeof EXIT)[keyof typeof EXIT]

/** Ends the command: the message is printed after "ccs: ", without a stack. */
export class Failure extends Error {
  readonly exitCode: ExitCode
  constructor(message: string, exitCode: ExitCode = EXIT.failed, options?: ErrorOptions) {
    super(message, options)
    this.name = 'Failure'
    this.exitCode = exitCode
  }
}

const UNREACHABLE = new Set(['ECONNREFUSED', 'ECONNRESET', 'EPIPE'])

/** Error codes of an error and of what caused it. */
function causes(error: unknown): string[] {
  if (!(error instanceof Error)) return []
  const { code } = error as NodeJS.ErrnoException
  return [...(code === undefined ? [] : [code]), ...causes(error.cause)]
}

/** What to print and how to exit for anything that a command threw. */
export function explain(error: unknown): { message: string; exitCode: ExitCode } {
  if (error instanceof Failure) return { message: describeError(error), exitCode: error.exitCode }
  if (isReason(error, 'NotFound')) return { message: error.message, exitCode: EXIT.notFound }
  if (isReason(error, 'Invalid')) return { message: error.message, exitCode: EXIT.usage }
  if (error instanceof StatusError) return { message: error.message, exitCode: EXIT.failed }
  if (causes(error).some((code) => UNREACHABLE.has(code)))
    return {
      message: `the engine does not answer (${describeError(error)}). Is ccs running? Start it with 'ccs up'.`,
      exitCode: EXIT.notRunning,
    }
  const denied = causes(error).includes('EACCES') && process.getuid?.() !== 0
  const hint = denied ? ". It is root's: try again with sudo" : ''
  return { message: `${describeError(error)}${hint}`, exitCode: EXIT.failed }
}
