// The registry's credentials: made once by whoever needs them first, kept as hashes for the registry
// and, readable by root only, as tokens for the command line and the machines.
import { existsSync, mkdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { writeFileAtomic } from '#base/atomic-file.ts'
import { hashToken, newSecretToken } from '#identity/secret-token.ts'

/** Who there is: the administrator pushes and pulls, machines pull. */
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

/** What machines pull with; undefined until the registry has made it. */
export function machineCredential(
  directory: string,
): { username: string; password: string } | undefined {
  const file = path.join(directory, 'registry-machines')
  return existsSync(file)
    ? { username: 'machines', password: readFileSync(file, 'utf8').trim() }
    : undefined
}
