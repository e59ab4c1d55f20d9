// A robot: what a pipeline logs in as. It belongs to a project and may do what it lists, nothing
// by its name. It logs in as "<project>+<name>" with a token that is shown once; here is its hash:
// a token has 256 random bits, so that its SHA-256 tells nothing.
import type { Condition } from '#kinds/k8s/meta.ts'
import type { KubeObject } from '#kinds/object.ts'
import { ccsRef } from './group.ts'

export const robotActions = ['pull', 'push', 'delete'] as const
export type RobotAction = (typeof robotActions)[number]

export interface RobotPermission {
  /** Pattern below the project's name, as in image-pattern.ts. */
  repositories: string
  actions: RobotAction[]
  /** May make tags, but not move or delete one that is there. */
  createOnly?: boolean
}

export interface RobotSpec {
  description?: string
  permissions: RobotPermission[]
  disabled?: boolean
  /** Not valid from then on (RFC 3339). */
  expiresAt?: string
  /** SHA-256 of the token in hexadecimal; a new one makes the old token worthless. */
  tokenHash: string
}

export interface RobotStatus {
  conditions?: Condition[]
}

export interface Robot extends KubeObject {
  spec: RobotSpec
  status?: RobotStatus
}

export const robots = ccsRef<Robot>('Robot', 'robots', true)

export const ROBOT_PERMISSIONS_MAX = 50

/** What a robot logs in as; no user's name has a "+". */
export const robotLogin = (project: string, name: string): string => `${project}+${name}`
