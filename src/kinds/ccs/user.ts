// People of the instance. The password, as a slow hash, is in a Secret, because who may read users
// need not be able to guess at passwords.
import type { KubeObject } from '#kinds/object.ts'
import { ccsRef } from './group.ts'

/** As in an address of mail, without the "@": what people type to log in. */
export const USER_NAME_PATTERN = '^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$'

export interface UserSpec {
  displayName?: string
  email?: string
  /** May not log in, nor use what was issued before. */
  disabled?: boolean
  /** Administrator of the instance: may do everything in every project. */
  administrator?: boolean
}

export interface User extends KubeObject {
  spec: UserSpec
}

export const users = ccsRef<User>('User', 'users', false)

/** Secrets with passwords: in this namespace of the hub, named for the user, with this key. */
export const passwordSecrets = {
  namespace: 'ccs-users',
  name: (user: string) => `password-${user}`,
  key: 'hash',
  type: 'ccs.dev/password-hash',
} as const
