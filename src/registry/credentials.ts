// The credentials file of the platform's own users of the registry. It holds hashes only: tokens
// have 128 random bits or more, so a plain SHA-256 is enough and needs no slow password hash.
import type { PlatformUser } from './access/account.ts'

export interface RegistryCredentials {
  users: PlatformUser[]
}

/** Reads the text of a credentials file; `where` names it in errors. */
export function parseCredentials(text: string, where: string): RegistryCredentials {
  const { users } = JSON.parse(text) as { users?: unknown }
  if (!Array.isArray(users)) throw new TypeError(`${where}: "users" must be a list`)
  return { users: users.map((user, index) => checkedUser(user, `${where}: users[${index}]`)) }
}

function checkedUser(user: unknown, where: string): PlatformUser {
  const { name, tokenHash, role, cluster } = (user ?? {}) as Partial<Record<string, unknown>>
  if (typeof name !== 'string' || name === '' || name.includes(':'))
    throw new TypeError(`${where}.name must be a name without ":"`)
  if (typeof tokenHash !== 'string' || !/^[0-9a-f]{64}$/.test(tokenHash))
    throw new TypeError(`${where}.tokenHash must be 64 hexadecimal digits`)
  if (role !== 'admin' && role !== 'pull')
    throw new TypeError(`${where}.role must be "admin" or "pull"`)
  if (cluster !== undefined && typeof cluster !== 'string')
    throw new TypeError(`${where}.cluster must be the name of a cluster`)
  return { name, tokenHash, role, ...(cluster !== undefined && { cluster }) }
}

/** Name and password of an `Authorization: Basic` header (RFC 7617). */
export function parseBasicAuthorization(
  header: string | undefined,
): { username: string; password: string } | undefined {
  const match = /^basic +([a-z0-9+/]+=*)$/i.exec(header ?? '')
  if (match === null) return undefined
  const text = Buffer.from(match[1]!, 'base64').toString('utf8')
  const colon = text.indexOf(':')
  if (colon < 0) return undefined
  return { username: text.slice(0, colon), password: text.slice(colon + 1) }
}
