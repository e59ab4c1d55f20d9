// `npm run dev` in a process of its own, as somebody who is not root.
import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { chownSync, mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'

export const DEV_MAIN = path.join(import.meta.dirname, '../../../src/sim/dev/main.ts')
const NOBODY = 65_534

/** Who runs it: nobody where we are root, else ourselves. */
const runner = process.getuid?.() === 0 ? { uid: NOBODY, gid: NOBODY } : {}

/** Whether others than root may read the checkout. */
function isOpenToOthers(file: string): boolean {
  const parent = path.dirname(file)
  const others = statSync(file).isDirectory() ? 0o001 : 0o004
  const isOpen = (statSync(file).mode & others) !== 0
  return parent === file ? isOpen : isOpen && isOpenToOthers(parent)
}

/** Why it cannot run here, or false. */
export const skipDev =
  runner.uid === undefined || isOpenToOthers(DEV_MAIN) ? false : 'nobody may not read this checkout'

export interface Dev {
  process: ChildProcess
  /** Its home, where all it writes is. */
  directory: string
  kubeconfig: string
  close(): void
}

export async function startDev(...args: string[]): Promise<Dev> {
  const directory = mkdtempSync(path.join(tmpdir(), 'ccs-dev-test-'))
  if (runner.uid !== undefined) chownSync(directory, runner.uid, runner.gid)
  const child = spawn(process.execPath, [DEV_MAIN, '--port', '0', ...args], {
    ...runner,
    cwd: directory,
    env: { PATH: process.env['PATH'], HOME: directory, TMPDIR: directory },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const close = () => {
    child.kill('SIGKILL')
    rmSync(directory, { recursive: true, force: true })
  }
  let said = ''
  for await (const chunk of child.stdout) {
    said += String(chunk)
    if (said.includes('Ctrl-C')) break
  }
  const kubeconfig = /KUBECONFIG=(\S+)/.exec(said)?.[1]
  if (kubeconfig === undefined) close()
  assert.ok(kubeconfig !== undefined, `it said only: ${said}`)
  return { process: child, directory, kubeconfig, close }
}
