// Starts registry-process.ts on a data directory of its own.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { hashToken } from '#identity/secret-token.ts'

export const adminToken = 'token-of-the-admin'
export const pullToken = 'token-of-the-puller'

export interface RunningRegistry {
  process: ChildProcess
  port: number
  /** "127.0.0.1:PORT" */
  host: string
  /** Ends it, with SIGTERM unless told otherwise, and waits until it is gone. */
  stop(signal?: NodeJS.Signals): Promise<void>
}

/** A data directory with credentials for "admin" and "puller". */
export async function makeDataDir(): Promise<string> {
  const dataDir = await mkdtemp(path.join(tmpdir(), 'ccs-registry-'))
  await mkdir(path.join(dataDir, 'credentials'), { mode: 0o700 })
  const users = [
    { name: 'admin', tokenHash: hashToken(adminToken), role: 'admin' },
    { name: 'puller', tokenHash: hashToken(pullToken), role: 'pull' },
  ]
  await writeFile(path.join(dataDir, 'credentials/registry.json'), JSON.stringify({ users }), {
    mode: 0o600,
  })
  return dataDir
}

export async function startRegistry(
  dataDir: string,
  port = 0,
  speed = 1,
): Promise<RunningRegistry> {
  const script = path.join(import.meta.dirname, 'registry-process.ts')
  const child = spawn(process.execPath, [script, dataDir, String(port), String(speed)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const gone = once(child, 'exit')
  const first = await Promise.race([
    once(child.stdout, 'data').then(([line]) => String(line)),
    gone.then(([code]) => Promise.reject(new Error(`the registry ended with ${String(code)}`))),
  ])
  const actual = Number(first)
  return {
    process: child,
    port: actual,
    host: `127.0.0.1:${actual}`,
    async stop(signal = 'SIGTERM') {
      child.kill(signal)
      await gone
    },
  }
}

/** `Authorization` of a user of `makeDataDir`. */
export function basic(user: 'admin' | 'puller'): string {
  const token = user === 'admin' ? adminToken : pullToken
  return `Basic ${Buffer.from(`${user}:${token}`).toString('base64')}`
}
