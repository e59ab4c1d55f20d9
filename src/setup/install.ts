// Installs missing system packages, saying so; never without the right to, never quietly.
import { spawn } from 'node:child_process'
import { installCommand, missingPackages, readOsRelease, type SystemPackage } from './packages.ts'

/** Something the user must do first; printed as it is, without a stack. */
export class SetupError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'SetupError'
  }
}

const INSTALL_TIMEOUT_MS = 15 * 60_000
/** Lines of the package manager's output that are shown when it fails. */
const FAILURE_LINES_MAX = 20

function runQuietly(argv: string[]): Promise<void> {
  return new Promise((resolve, reject) => {
    const [command, ...args] = argv as [string, ...string[]]
    const child = spawn(command, args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: INSTALL_TIMEOUT_MS,
    })
    const lines: string[] = []
    const keep = (chunk: Buffer) => {
      lines.push(...chunk.toString().split('\n').filter(Boolean))
      lines.splice(0, Math.max(0, lines.length - FAILURE_LINES_MAX))
    }
    child.stdout.on('data', keep)
    child.stderr.on('data', keep)
    child.on('error', reject)
    child.on('close', (code) =>
      code === 0
        ? resolve()
        : reject(
            new SetupError(
              `'${argv.join(' ')}' failed (${code ?? 'killed'}):\n  ${lines.join('\n  ')}`,
            ),
          ),
    )
  })
}

const howToInstall = (missing: readonly SystemPackage[], command: string[] | undefined) =>
  command === undefined
    ? `install what provides: ${missing.map((m) => `${m.name} (${m.why})`).join(', ')}`
    : `sudo apt-get update && sudo ${command.join(' ')}`

/**
 * Installs what is missing of `packages`, printing a line before it does. Does nothing when all is there. Throws a
 * SetupError with the exact command when it may not or cannot do it itself.
 */
export async function installPackages(
  packages: readonly SystemPackage[],
  say: (line: string) => void,
): Promise<void> {
  const missing = missingPackages(packages)
  if (missing.length === 0) return
  const names = missing.map((wanted) => wanted.name).join(', ')
  const command = installCommand(missing, readOsRelease())
  if (command === undefined || process.getuid?.() !== 0)
    throw new SetupError(
      `Missing system packages: ${names}.\nRun this, then try again:\n  ${howToInstall(missing, command)}`,
    )
  say(`Installing system packages: ${names} ...`)
  await runQuietly(['apt-get', 'update', '-q'])
  await runQuietly(['env', 'DEBIAN_FRONTEND=noninteractive', ...command])
  const still = missingPackages(packages)
  if (still.length > 0)
    throw new SetupError(
      `apt-get succeeded, but these are still missing: ${still.map((m) => m.name).join(', ')}`,
    )
}
