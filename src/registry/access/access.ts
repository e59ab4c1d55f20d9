// Who there is and what each may, looked up anew for each request: what is taken away from somebody
// is gone with the next one, whatever token was issued before.
import type { Clock } from '#base/clock.ts'
import { matchesPattern } from '#kinds/ccs/image-pattern.ts'
import { type ProjectRole, projectRoles } from '#kinds/ccs/project.ts'
import type { RobotPermission } from '#kinds/ccs/robot.ts'
import type { ProjectRules } from '../project-rules.ts'
import { projectOf } from '../repository-name.ts'
import {
  type AccessState,
  emptyAccess,
  type ProjectRecord,
  type RobotRecord,
  type UserRecord,
} from './access-state.ts'
import type { Account, PlatformUser } from './account.ts'

/** `administer` is for what concerns the registry as a whole: collection, checks, backups. */
export type Action = 'pull' | 'push' | 'delete' | 'administer'

/** What each role may in its project; maintainers delete, which is how tags come to mean others. */
const roleActions: Record<ProjectRole, readonly Action[]> = {
  guest: ['pull'],
  developer: ['pull', 'push'],
  maintainer: ['pull', 'push', 'delete'],
  admin: ['pull', 'push', 'delete'],
}

/** What is granted; nothing is granted that is not here. */
export interface Grant {
  /** May make tags, but neither move nor take away one that is there. */
  createOnly: boolean
}

const granted: Grant = { createOnly: false }

export class Access {
  readonly #clock: Clock
  #platform = new Map<string, PlatformUser>()
  #projects = new Map<string, ProjectRecord>()
  #users = new Map<string, UserRecord>()
  #robots = new Map<string, RobotRecord>()
  /** Names of groups by name of user. */
  #groupsOf = new Map<string, Set<string>>()
  #digestsInUse: ReadonlySet<string> = new Set()

  constructor(options: { clock: Clock; state?: AccessState; platform?: readonly PlatformUser[] }) {
    this.#clock = options.clock
    this.update(options.state ?? emptyAccess)
    this.setPlatform(options.platform ?? [])
  }

  get digestsInUse(): ReadonlySet<string> {
    return this.#digestsInUse
  }

  /** Names of projects that rules are known of. */
  projectNames(): string[] {
    return [...this.#projects.keys()]
  }

  update({ projects, users, groups, robots, digestsInUse }: AccessState): void {
    this.#digestsInUse = new Set(digestsInUse)
    this.#projects = new Map(projects.map((project) => [project.name, project]))
    this.#users = new Map(users.map((user) => [user.name, user]))
    this.#robots = new Map(robots.map((robot) => [`${robot.project}+${robot.name}`, robot]))
    this.#groupsOf = new Map()
    for (const { name, members } of groups)
      for (const member of members) {
        const known = this.#groupsOf.get(member)
        if (known === undefined) this.#groupsOf.set(member, new Set([name]))
        else known.add(name)
      }
  }

  setPlatform(users: readonly PlatformUser[]): void {
    this.#platform = new Map(users.map((user) => [user.name, user]))
  }

  /** The account that logs in as `login`; nothing when it may not log in, or not any more. */
  find(login: string): Account | undefined {
    const platform = this.#platform.get(login)
    if (platform !== undefined) return { kind: 'platform', user: platform }
    const robot = this.#robots.get(login)
    if (robot !== undefined) return this.#isGood(robot) ? { kind: 'robot', robot } : undefined
    const user = this.#users.get(login)
    return user === undefined || user.disabled ? undefined : { kind: 'user', user }
  }

  /** What `account` is granted of `action`; `repository` is nothing for the registry as a whole. */
  grant(account: Account, action: Action, repository: string | undefined): Grant | undefined {
    if (isAdministrator(account)) return granted
    if (action === 'administer') return undefined
    // Lists and the question who one is: what they show is decided for each repository.
    if (repository === undefined)
      return action === 'pull' && account.kind !== 'anonymous' ? granted : undefined
    if (action === 'pull' && this.#isOpen(account, repository)) return granted
    if (account.kind === 'robot') return robotGrant(account.robot, action, repository)
    if (account.kind !== 'user') return undefined
    const role = this.#roleOf(account.user, projectOf(repository))
    return role !== undefined && roleActions[role].includes(action) ? granted : undefined
  }

  rulesOf(project: string): ProjectRules {
    const record = this.#projects.get(project)
    return {
      quotaBytes: record?.quotaBytes,
      immutableTags: record?.immutableTags ?? [],
      retention: record?.retention,
    }
  }

  #isGood({ disabled, expiresAt }: RobotRecord): boolean {
    return !disabled && (expiresAt === undefined || this.#clock.now() < expiresAt)
  }

  /** Whether pulling is free for all, or the account is a machine, which runs whatever its cluster may. */
  #isOpen(account: Account, repository: string): boolean {
    if (account.kind === 'platform') return true
    return this.#projects.get(projectOf(repository))?.isPublic ?? false
  }

  /** The highest role that a user has by itself or by one of its groups. */
  #roleOf(user: UserRecord, project: string): ProjectRole | undefined {
    const groups = this.#groupsOf.get(user.name)
    let highest = -1
    for (const { kind, name, role } of this.#projects.get(project)?.members ?? []) {
      const isMember = kind === 'User' ? name === user.name : groups?.has(name)
      if (isMember) highest = Math.max(highest, projectRoles.indexOf(role))
    }
    return projectRoles[highest]
  }
}

function isAdministrator(account: Account): boolean {
  if (account.kind === 'platform') return account.user.role === 'admin'
  return account.kind === 'user' && account.user.administrator
}

/** A robot may what one of its permissions says; it makes tags only when all that let it push say so. */
function robotGrant(
  { project, permissions }: RobotRecord,
  action: Action,
  repository: string,
): Grant | undefined {
  if (projectOf(repository) !== project) return undefined
  const below = repository.slice(project.length + 1)
  const fitting = permissions.filter((permission) => means(permission, action, below))
  if (fitting.length === 0) return undefined
  return { createOnly: fitting.every(({ createOnly }) => createOnly ?? false) }
}

const means = ({ repositories, actions }: RobotPermission, action: Action, below: string) =>
  (actions as readonly Action[]).includes(action) && matchesPattern(repositories, below)
