// The registry's credentials: made once by whoever needs them first, kept as hashes for the registry
// and, readable by root only, as tokens for the command line and the machines.
import { createHmac } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { writeFileAtomic } from '#base/atomic-file.ts'
import { hashToken, newSecretToken } from '#identity/secret-token.ts'
import type { PlatformUser } from '#registry/access/account.ts'

/** Who there is: the administrator, and the engine, which asks for digests as `machines`. */
const USERS = [
  { name: 'admin', role: 'admin', file: 'registry-admin' },
  { name: 'machines', role: 'pull', file: 'registry-machines' },
] as const

const HASHES = 'registry.json'

/**
 * Makes what is missing in `directory`; called by the registry alone, which starts first. The token files come
 * before the file of hashes: a crash between leaves tokens that the next start hashes.
 */
export function ensureRegistryCredentials(directory: string): string {
  mkdirSync(directory, { recursive: true, mode: 0o700 })
  const users = USERS.map(({ name, role, file }) => {
    const place = path.join(directory, file)
    if (!existsSync(place)) writeFileAtomic(place, newSecretToken(), { mode: 0o600 })
    return { name, role, tokenHash: hashToken(readFileSync(place, 'utf8').trim()) }
  })
  const text = `${JSON.stringify({ users }, null, 2)}\n`
  writeFileAtomic(path.join(directory, HASHES), text, { mode: 0o600 })
  return text
}

/** What signs the registry's tokens; made at the first start. */
export function ensureTokenKey(directory: string): Uint8Array {
  const file = path.join(directory, 'registry-token-key')
  if (!existsSync(file)) writeFileAtomic(file, newSecretToken(), { mode: 0o600 })
  return Buffer.from(readFileSync(file, 'utf8').trim(), 'base64url')
}

export interface MachineCredential {
  username: string
  password: string
}

/**
 * What the machines of a cluster pull with; undefined until the registry has started once. Both sides
 * compute it of one secret, so that no pull of a new cluster has to wait for a file.
 */
export function machineCredential(
  directory: string,
  cluster: string,
): MachineCredential | undefined {
  const file = path.join(directory, 'registry-machines')
  if (!existsSync(file)) return undefined
  const secret = readFileSync(file, 'utf8').trim()
  const password = createHmac('sha256', secret).update(`cluster ${cluster}`).digest('base64url')
  return { username: `machines-${cluster}`, password }
}

/** Users that are good for requests over their cluster's gateway only. */
export function machineUsers(directory: string, clusters: readonly string[]): PlatformUser[] {
  return clusters.flatMap((cluster) => {
    const credential = machineCredential(directory, cluster)
    if (credential === undefined) return []
    const { username: name, password } = credential
    return [{ name, tokenHash: hashToken(password), role: 'pull' as const, cluster }]
  })
}
