// A group of people, so that a project names a team once.
import type { KubeObject } from '#kinds/object.ts'
import { ccsRef } from './group.ts'

export interface UserGroupSpec {
  description?: string
  /** Names of users. */
  members?: string[]
}

export interface UserGroup extends KubeObject {
  spec: UserGroupSpec
}

export const userGroups = ccsRef<UserGroup>('Group', 'groups', false)

export const USER_GROUP_MEMBERS_MAX = 10_000
