// Installs missing system packages, saying so; never without the right to, never quietly.
import { spawn } from 'node:child_process'
import { rmSync } from 'node:fs'
import type { Clock } from '#base/clock.ts'
import { withFileLock } from '#linux/file-lock.ts'
import { installCommand, missingPackages, readOsRelease, type SystemPackage } from './packages.ts'
import { SetupError } from './setup-error.ts'

const INSTALL_TIMEOUT_MS = 15 * 60_000
/** Lines of the package manager's output that are shown when it fails. */
const FAILURE_LINES_MAX = 20
/** How long another program may keep apt to itself; upgrades of a distribution take minutes. */
const APT_BUSY_MS = 10 * 60_000
const APT_RETRY_MS = 3_000
/** Two instances that are made at once install one after the other, and the second finds nothing to do. */
const INSTALL_LOCK = '/run/ccs/packages.lock'

export interface InstallContext {
  clock: Clock
  say: (line: string) => void
}

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

/** What apt says when another apt or dpkg runs; the pid is that of the other. */
export function aptIsBusy(message: string): { pid: string | undefined } | undefined {
  if (!/Could not get lock|Unable to (acquire|lock)/.test(message)) return undefined
  return { pid: /held by process (\d+)/.exec(message)?.[1] }
}

/** Runs apt, waiting for as long as another program uses it. */
export async function runApt(
  argv: string[],
  { clock, say }: InstallContext,
  runOnce: (argv: string[]) => Promise<void> = runQuietly,
): Promise<void> {
  const deadline = clock.now() + APT_BUSY_MS
  for (let tries = 0; ; tries++) {
    try {
      return await runOnce(argv)
    } catch (error) {
      const busy = error instanceof SetupError ? aptIsBusy(error.message) : undefined
      if (busy === undefined || clock.now() >= deadline) throw error
      const who = busy.pid === undefined ? 'another program' : `process ${busy.pid}`
      if (tries === 0) say(`apt is in use by ${who}; waiting for it to end ...`)
      await clock.sleep(APT_RETRY_MS)
    }
  }
}

/**
 * Installs what is missing of `packages`, printing a line before it does. Does nothing when all is there. Throws a
 * SetupError with the exact command when it may not or cannot do it itself.
 */
export async function installPackages(
  packages: readonly SystemPackage[],
  context: InstallContext,
): Promise<void> {
  if (missingPackages(packages).length === 0) return
  if (process.getuid?.() !== 0) return installMissing(packages, context)
  await withFileLock(
    INSTALL_LOCK,
    async () => {
      await installMissing(packages, context)
      rmSync(INSTALL_LOCK)
    },
    { timeoutMs: INSTALL_TIMEOUT_MS },
  )
}

async function installMissing(
  packages: readonly SystemPackage[],
  context: InstallContext,
): Promise<void> {
  const missing = missingPackages(packages)
  if (missing.length === 0) return
  const names = missing.map((wanted) => wanted.name).join(', ')
  const command = installCommand(missing, readOsRelease())
  if (command === undefined || process.getuid?.() !== 0)
    throw new SetupError(
      `Missing system packages: ${names}.\nRun this, then try again:\n  ${howToInstall(missing, command)}`,
    )
  context.say(`Installing system packages: ${names} ...`)
  await runApt(['apt-get', 'update', '-q'], context)
  await runApt(['env', 'DEBIAN_FRONTEND=noninteractive', ...command], context)
  const still = missingPackages(packages)
  if (still.length > 0)
    throw new SetupError(
      `apt-get succeeded, but these are still missing: ${still.map((m) => m.name).join(', ')}`,
    )
}
