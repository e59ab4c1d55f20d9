// Runs one program to its end: argv only (no shell), a deadline, bounded output, and errors that
// name the command and what it said.
import { spawn } from 'node:child_process'
import { systemClock } from '#base/clock.ts'

/** A fixed environment: what we parse must not depend on the user's locale or search path. */
export const commandEnvironment = {
  PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
  LC_ALL: 'C',
}

const OUTPUT_BYTES_MAX = 8 * 1024 * 1024
const STDERR_CHARACTERS_SHOWN_MAX = 2_000
const DEFAULT_TIMEOUT_MS = 10_000

export interface RunOptions {
  /** For standard input; nothing unless given. */
  input?: string | Uint8Array
  timeoutMs?: number
  signal?: AbortSignal
}

export class CommandError extends Error {
  readonly argv: readonly string[]
  /** Undefined when the program was killed or never started. */
  readonly exitCode: number | undefined
  readonly stderr: string

  constructor(
    argv: readonly string[],
    what: string,
    details: { exitCode?: number; stderr?: string; cause?: unknown } = {},
  ) {
    const said = (details.stderr ?? '').trim().slice(-STDERR_CHARACTERS_SHOWN_MAX)
    super(
      `'${argv.join(' ')}' ${what}${said === '' ? '' : `: ${said}`}`,
      details.cause === undefined ? undefined : { cause: details.cause },
    )
    this.name = 'CommandError'
    this.argv = argv
    this.exitCode = details.exitCode
    this.stderr = details.stderr ?? ''
  }
}

/** Collects a stream's text; `overflowed` is called once more than the limit has come. */
function collect(stream: NodeJS.ReadableStream, overflowed: () => void): () => string {
  const chunks: Buffer[] = []
  let bytes = 0
  stream.on('data', (chunk: Buffer) => {
    bytes += chunk.length
    if (bytes > OUTPUT_BYTES_MAX) overflowed()
    else chunks.push(chunk)
  })
  return () => Buffer.concat(chunks).toString('utf8')
}

/** Runs `argv` and resolves with its standard output; rejects with a CommandError. */
export function run(argv: readonly string[], options: RunOptions = {}): Promise<string> {
  const { input, timeoutMs = DEFAULT_TIMEOUT_MS, signal } = options
  const [command, ...args] = argv
  if (command === undefined) throw new RangeError('run needs a command')
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      env: commandEnvironment,
      stdio: 'pipe',
      ...(signal === undefined ? {} : { signal }),
    })
    let killedBecause: string | undefined
    const kill = (because: string) => {
      killedBecause ??= because
      child.kill('SIGKILL')
    }
    const deadline = systemClock.after(timeoutMs, () => kill(`took longer than ${timeoutMs} ms`))
    const tooMuch = () => kill(`printed more than ${OUTPUT_BYTES_MAX} bytes`)
    const stdout = collect(child.stdout, tooMuch)
    const stderr = collect(child.stderr, tooMuch)
    child.on('error', (cause) => {
      deadline.cancel()
      reject(new CommandError(argv, 'could not be run', { cause }))
    })
    child.on('close', (exitCode, killSignal) => {
      deadline.cancel()
      if (exitCode === 0 && killedBecause === undefined) return resolve(stdout())
      const what =
        killedBecause ??
        (exitCode === null ? `was killed by ${killSignal}` : `failed (${exitCode})`)
      const details = { stderr: stderr(), ...(exitCode === null ? {} : { exitCode }) }
      reject(new CommandError(argv, what, details))
    })
    // A program that ends without reading its input is judged by its exit code, not by EPIPE.
    child.stdin.on('error', () => undefined)
    child.stdin.end(input ?? '')
  })
}
