// Starts a process that outlives us: leader of a session of its own, its output in a file, in its
// cgroup and network namespace before its first instruction.
import { spawn } from 'node:child_process'
import { closeSync, openSync } from 'node:fs'
import type { CgroupTree } from './cgroups.ts'
import { nsenterArgv } from './nsenter.ts'
import { identifyProcess, type ProcessIdentity } from './process-identity.ts'
import { commandEnvironment } from './run.ts'

export interface DetachedProcessOptions {
  argv: readonly string[]
  /** Standard output and error are appended to this file. */
  stdoutFile: string
  cgroup?: { tree: CgroupTree; path: string }
  netnsPath?: string
  env?: Readonly<Record<string, string>>
  /** Called when it ends while we are still its parent. */
  onExit?: (why: string) => void
}

/**
 * Moves itself into the cgroups given, then becomes the program. A constant; paths and program come as
 * arguments. Moving the child from outside would leave a moment in which our death makes an orphan
 * that belongs to no machine.
 */
const ENTER_CGROUPS =
  'while [ "$1" != -- ]; do echo 0 > "$1" || exit 125; shift; done; shift; exec "$@"'

function argvInPlace({ argv, cgroup, netnsPath }: DetachedProcessOptions): string[] {
  const inNamespace = netnsPath === undefined ? [...argv] : nsenterArgv(netnsPath, argv)
  if (cgroup === undefined) return inNamespace
  const files = cgroup.tree.processFiles(cgroup.path)
  return ['/bin/sh', '-c', ENTER_CGROUPS, 'enter-cgroups', ...files, '--', ...inNamespace]
}

export async function startDetached(options: DetachedProcessOptions): Promise<ProcessIdentity> {
  const [command, ...args] = argvInPlace(options)
  if (command === undefined) throw new RangeError('startDetached needs a command')
  const output = openSync(options.stdoutFile, 'a', 0o640)
  try {
    const child = spawn(command, args, {
      detached: true,
      cwd: '/',
      env: { ...commandEnvironment, ...options.env },
      stdio: ['ignore', output, output],
    })
    child.once('exit', (code, signal) =>
      options.onExit?.(signal === null ? `exit code ${code}` : `signal ${signal}`),
    )
    child.unref()
    await new Promise<void>((resolve, reject) => {
      child.once('spawn', resolve)
      child.once('error', reject)
    })
    const identity = identifyProcess(child.pid!)
    if (identity === undefined)
      throw new Error(`'${options.argv.join(' ')}' ended at once; see ${options.stdoutFile}`)
    return identity
  } finally {
    closeSync(output)
  }
}
