// From the hub's objects to what the registry keeps of them.
import type { Project } from '#kinds/ccs/project.ts'
import { digestOf } from '#kinds/ccs/image-name.ts'
import type { Robot } from '#kinds/ccs/robot.ts'
import type { ServiceRevision } from '#kinds/ccs/service-revision.ts'
import type { UserGroup } from '#kinds/ccs/user-group.ts'
import { passwordSecrets, type User } from '#kinds/ccs/user.ts'
import type { Secret } from '#kinds/k8s/core.ts'
import type { Quantity } from '#kinds/object.ts'
import { parseQuantity } from '#kinds/quantity.ts'
import type { AccessState, ProjectRecord, RobotRecord, UserRecord } from './access-state.ts'

export interface AccessObjects {
  projects: readonly Project[]
  users: readonly User[]
  groups: readonly UserGroup[]
  robots: readonly Robot[]
  revisions: readonly ServiceRevision[]
  /** Those of the namespace for passwords. */
  secrets: readonly Secret[]
}

/** In the order of names, so that the same objects give the same state. */
export function accessStateOf(objects: AccessObjects): AccessState {
  const hashes = new Map(objects.secrets.map((secret) => [secret.metadata.name, hashIn(secret)]))
  return {
    projects: objects.projects.map(projectRecord).toSorted(byName),
    users: objects.users.map((user) => userRecord(user, hashes)).toSorted(byName),
    groups: objects.groups
      .map(({ metadata, spec }) => ({ name: metadata.name, members: spec.members ?? [] }))
      .toSorted(byName),
    robots: objects.robots.map(robotRecord).toSorted(byProjectAndName),
    digestsInUse: [
      ...new Set(objects.revisions.flatMap(({ spec }) => digestOf(spec.resolvedImage) ?? [])),
    ].toSorted(compare),
  }
}

const compare = (one: string, other: string) => (one < other ? -1 : one > other ? 1 : 0)
const byName = (one: { name: string }, other: { name: string }) => compare(one.name, other.name)
const byProjectAndName = (one: RobotRecord, other: RobotRecord) =>
  compare(one.project, other.project) || compare(one.name, other.name)

const NANOS = 1_000_000_000n

/** Whole bytes; what is below one counts for nothing. */
const bytesOf = (quantity: Quantity): number => Number(parseQuantity(quantity).nanos / NANOS)

/** What is on its way out counts no more. */
const isGoing = ({ metadata }: User | Robot) => metadata.deletionTimestamp !== undefined

function projectRecord({ metadata, spec }: Project): ProjectRecord {
  return {
    name: metadata.name,
    isPublic: spec.visibility === 'Public',
    members: spec.members ?? [],
    immutableTags: spec.immutableTags ?? [],
    ...(spec.storageQuota !== undefined && {
      quotaBytes: bytesOf(spec.storageQuota),
    }),
    ...(spec.retention && { retention: spec.retention }),
  }
}

function userRecord(user: User, hashes: ReadonlyMap<string, string | undefined>): UserRecord {
  const { metadata, spec } = user
  const passwordHash = hashes.get(passwordSecrets.name(metadata.name))
  return {
    name: metadata.name,
    uid: metadata.uid ?? '',
    disabled: (spec.disabled ?? false) || isGoing(user),
    administrator: spec.administrator ?? false,
    ...(passwordHash !== undefined && { passwordHash }),
  }
}

function robotRecord(robot: Robot): RobotRecord {
  const { metadata, spec } = robot
  return {
    project: metadata.namespace ?? '',
    name: metadata.name,
    uid: metadata.uid ?? '',
    disabled: (spec.disabled ?? false) || isGoing(robot),
    tokenHash: spec.tokenHash,
    permissions: spec.permissions,
    ...(spec.expiresAt !== undefined && { expiresAt: Date.parse(spec.expiresAt) }),
  }
}

function hashIn({ data, type }: Secret): string | undefined {
  const encoded = type === passwordSecrets.type ? data?.[passwordSecrets.key] : undefined
  return encoded === undefined ? undefined : Buffer.from(encoded, 'base64').toString()
}
