// The credentials file of the platform's own users of the registry. It holds hashes only: tokens
// have 128 random bits or more, so a plain SHA-256 is enough and needs no slow password hash.
import { equalSecrets, hashToken } from '#identity/secret-token.ts'
import type { Actor, Role } from './authorise.ts'

export interface RegistryUser {
  name: string
  /** SHA-256 of the token, hexadecimal. */
  tokenHash: string
  role: Role
}

export interface RegistryCredentials {
  users: RegistryUser[]
}

export type Authenticate = (username: string, password: string) => Actor | undefined

/** Reads the text of a credentials file; `where` names it in errors. */
export function parseCredentials(text: string, where: string): RegistryCredentials {
  const { users } = JSON.parse(text) as { users?: unknown }
  if (!Array.isArray(users)) throw new TypeError(`${where}: "users" must be a list`)
  return { users: users.map((user, index) => checkedUser(user, `${where}: users[${index}]`)) }
}

function checkedUser(user: unknown, where: string): RegistryUser {
  const { name, tokenHash, role } = (user ?? {}) as Partial<Record<string, unknown>>
  if (typeof name !== 'string' || name === '' || name.includes(':'))
    throw new TypeError(`${where}.name must be a name without ":"`)
  if (typeof tokenHash !== 'string' || !/^[0-9a-f]{64}$/.test(tokenHash))
    throw new TypeError(`${where}.tokenHash must be 64 hexadecimal digits`)
  if (role !== 'admin' && role !== 'pull')
    throw new TypeError(`${where}.role must be "admin" or "pull"`)
  return { name, tokenHash, role }
}

/** Checks a name and token in a time that tells nothing about either. */
export function credentialAuthenticator({ users }: RegistryCredentials): Authenticate {
  return (username, password) => {
    const tokenHash = hashToken(password)
    let found: Actor | undefined
    // Every user is compared, whether one matched before or not.
    for (const user of users) {
      const sameName = equalSecrets(user.name, username)
      const sameToken = equalSecrets(user.tokenHash, tokenHash)
      if (sameName && sameToken) found = { name: user.name, role: user.role }
    }
    return found
  }
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
