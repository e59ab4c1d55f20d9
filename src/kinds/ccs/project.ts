// A project: the tenant. Its name is the namespace of the hub that its services, robots and builds
// live in, and the first part of its repositories' names. A namespace or repository without an
// object Project is one with the defaults: private, and nobody's but the administrators'.
import type { Condition } from '#kinds/k8s/meta.ts'
import type { KubeObject, Quantity } from '#kinds/object.ts'
import { ccsRef } from './group.ts'

/** Each role may all that the one before it may. */
export const projectRoles = ['guest', 'developer', 'maintainer', 'admin'] as const
export type ProjectRole = (typeof projectRoles)[number]

export interface ProjectMember {
  kind: 'User' | 'Group'
  name: string
  role: ProjectRole
}

/** Which tags of which repositories; patterns as in image-pattern.ts, below the project's name. */
export interface TagSelection {
  repositories: string
  tags: string
}

/** What a rule keeps of the tags it selects: a tag that any rule keeps stays. */
export interface RetentionRule extends TagSelection {
  /** The last so many pushed, of each repository. */
  keepLast?: number
  /** Those pushed in the last so many days. */
  keepPushedWithinDays?: number
  /** Those pulled in the last so many days. */
  keepPulledWithinDays?: number
  /** All of them. */
  keepAll?: boolean
}

export interface RetentionPolicy {
  /** Tags that no rule selects are left alone. */
  rules: RetentionRule[]
  /** Manifests without a tag go after so many days; never when left out. */
  untaggedAfterDays?: number
  /** When it runs: five fields of cron, in UTC; only when asked for when left out. */
  schedule?: string
}

export interface ProjectSpec {
  description?: string
  /** Public: everyone may pull, also without a password. */
  visibility: 'Private' | 'Public'
  members?: ProjectMember[]
  /** What its images may take on disk; what two repositories of it share counts once. */
  storageQuota?: Quantity
  /** Tags that never move and are never deleted once pushed. */
  immutableTags?: TagSelection[]
  retention?: RetentionPolicy
}

export interface ProjectStatus {
  conditions?: Condition[]
  observedGeneration?: number
}

export interface Project extends KubeObject {
  spec: ProjectSpec
  status?: ProjectStatus
}

export const projects = ccsRef<Project>('Project', 'projects', false)

export const projectLimits = {
  membersMax: 1_000,
  rulesMax: 50,
  daysMax: 36_500,
  keepLastMax: 10_000,
} as const
