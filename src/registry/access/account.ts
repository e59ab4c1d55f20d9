// Whom a request can come from.
import type { RobotRecord, UserRecord } from './access-state.ts'

/** One of the platform's own: the administrator of this computer, the machines of a cluster. */
export interface PlatformUser {
  name: string
  /** SHA-256 of the token, hexadecimal. */
  tokenHash: string
  role: 'admin' | 'pull'
  /** Good only for requests that come over this cluster's gateway. */
  cluster?: string | undefined
}

export type Account =
  | { kind: 'anonymous' }
  | { kind: 'platform'; user: PlatformUser }
  | { kind: 'user'; user: UserRecord }
  | { kind: 'robot'; robot: RobotRecord }

export const anonymous: Account = { kind: 'anonymous' }

/** What an account logs in as, and is called in records and messages. */
export function loginOf(account: Account): string {
  switch (account.kind) {
    case 'anonymous':
      return 'anonymous'
    case 'platform':
    case 'user':
      return account.user.name
    case 'robot':
      return `${account.robot.project}+${account.robot.name}`
  }
}

/** Tells an account from any other there was or will be, namesakes included. */
export function identityOf(account: Account): string {
  switch (account.kind) {
    case 'anonymous':
      return 'anonymous'
    case 'platform':
      return `platform:${account.user.name}`
    case 'user':
      return `user:${account.user.uid}`
    case 'robot':
      return `robot:${account.robot.uid}`
  }
}

/** What a token issued to the account is bound to: another secret makes it worthless. */
export function secretOf(account: Account): string {
  switch (account.kind) {
    case 'anonymous':
      return ''
    case 'platform':
      return account.user.tokenHash
    case 'user':
      return account.user.passwordHash ?? ''
    case 'robot':
      return account.robot.tokenHash
  }
}
