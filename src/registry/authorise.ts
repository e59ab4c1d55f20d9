// Who may do what: the one decision for every route, no by default. `repository` is nothing for
// what concerns the registry as a whole.

export type Role = 'admin' | 'pull'

export interface Actor {
  name: string
  role: Role
}

export type Action = 'pull' | 'push' | 'delete'

const granted: Record<Role, readonly Action[]> = {
  admin: ['pull', 'push', 'delete'],
  pull: ['pull'],
}

export type Authorise = (actor: Actor, action: Action, repository: string | undefined) => boolean

/** Roles hold for the whole registry: those of the platform itself, not of people. */
export const authorise: Authorise = (actor, action) => granted[actor.role].includes(action)
