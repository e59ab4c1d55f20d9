// What the hub says of projects, people and robots, as plain data: kept on disk, so that the registry
// knows it without the hub. It holds hashes only, no secret.
import type { ProjectMember, RetentionPolicy, TagSelection } from '#kinds/ccs/project.ts'
import type { RobotPermission } from '#kinds/ccs/robot.ts'

export interface ProjectRecord {
  name: string
  isPublic: boolean
  members: readonly ProjectMember[]
  quotaBytes?: number | undefined
  immutableTags: readonly TagSelection[]
  retention?: RetentionPolicy | undefined
}

export interface UserRecord {
  name: string
  /** Of the object: a namesake who comes later is somebody else. */
  uid: string
  disabled: boolean
  administrator: boolean
  /** argon2id; without, the user cannot log in with a password. */
  passwordHash?: string | undefined
}

export interface GroupRecord {
  name: string
  members: readonly string[]
}

export interface RobotRecord {
  project: string
  name: string
  uid: string
  disabled: boolean
  /** Milliseconds since 1970. */
  expiresAt?: number | undefined
  /** SHA-256 in hexadecimal. */
  tokenHash: string
  permissions: readonly RobotPermission[]
}

export interface AccessState {
  projects: readonly ProjectRecord[]
  users: readonly UserRecord[]
  groups: readonly GroupRecord[]
  robots: readonly RobotRecord[]
  /** Digests of images that services or their revisions run: no rule takes them away. */
  digestsInUse: readonly string[]
}

export const emptyAccess: AccessState = {
  projects: [],
  users: [],
  groups: [],
  robots: [],
  digestsInUse: [],
}
