// Who makes a request, and what it may do with it: its account's rights, within its token's scopes.
import type { Access, Action, Grant } from './access.ts'
import { type Account, identityOf, loginOf } from './account.ts'
import { allows, catalogScope, type Scope } from './scope.ts'

export interface Actor {
  /** As it logged in: for messages and records. */
  readonly name: string
  /** Told from any namesake before or after: what sessions are bound to. */
  readonly id: string
  readonly isAnonymous: boolean
  /** What is granted; nothing is otherwise. `repository` is nothing for the registry as a whole. */
  may(action: Action, repository: string | undefined): Grant | undefined
  /** Whether another token of the same account would be granted what this one's scopes leave out. */
  couldWithToken(action: Action, repository: string | undefined): boolean
  /** What its owner is granted, whatever the token is for. */
  ownerMay(action: Action, repository: string): Grant | undefined
  /** Whether a list over repositories shows this one. */
  sees(repository: string): boolean
}

/** `scopes` of a token; without a token there is no other limit than the account's rights. */
export function actorOf(access: Access, account: Account, scopes?: readonly Scope[]): Actor {
  const isWithin = (action: Action, repository: string | undefined): boolean => {
    if (scopes === undefined || repository === undefined) return true
    return allows(scopes, action, repository)
  }
  const mayList = scopes === undefined || scopes.some(({ type }) => type === catalogScope.type)
  return {
    name: loginOf(account),
    id: identityOf(account),
    isAnonymous: account.kind === 'anonymous',
    may: (action, repository) =>
      isWithin(action, repository) ? access.grant(account, action, repository) : undefined,
    couldWithToken: (action, repository) =>
      !isWithin(action, repository) && access.grant(account, action, repository) !== undefined,
    ownerMay: (action, repository) => access.grant(account, action, repository),
    sees: (repository) =>
      (mayList || allows(scopes, 'pull', repository)) &&
      access.grant(account, 'pull', repository) !== undefined,
  }
}
