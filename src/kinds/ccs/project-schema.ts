import { PATTERN_CHARS_MAX } from './image-pattern.ts'
import { nameLimits } from './limits.ts'
import {
  projectLimits,
  type ProjectMember,
  projectRoles,
  type ProjectSpec,
  type ProjectStatus,
  type RetentionPolicy,
  type RetentionRule,
  type TagSelection,
} from './project.ts'
import {
  choice,
  conditions,
  dnsLabel,
  fields,
  integer,
  list,
  quantity,
  type Schema,
  text,
} from './schema.ts'
import { USER_NAME_PATTERN } from './user.ts'

const { daysMax, keepLastMax, membersMax, rulesMax } = projectLimits

const pattern = (): Schema => text({ minLength: 1, maxLength: PATTERN_CHARS_MAX, default: '**' })
const days = (): Schema => integer({ format: 'int32', minimum: 1, maximum: daysMax })

const member = (): Schema =>
  fields<ProjectMember>(
    {
      kind: choice(['User', 'Group'], { default: 'User' }),
      name: text({ pattern: USER_NAME_PATTERN, maxLength: 63 }),
      role: choice(projectRoles, { default: 'developer' }),
    },
    ['name'],
  )

const retentionRule = (): Schema =>
  fields<RetentionRule>({
    repositories: pattern(),
    tags: pattern(),
    keepLast: integer({ format: 'int32', minimum: 1, maximum: keepLastMax }),
    keepPushedWithinDays: days(),
    keepPulledWithinDays: days(),
    keepAll: { type: 'boolean' },
  })

const retention = (): Schema =>
  fields<RetentionPolicy>(
    {
      rules: list(retentionRule(), { maxItems: rulesMax, 'x-kubernetes-list-type': 'atomic' }),
      untaggedAfterDays: days(),
      schedule: text({ maxLength: 128 }),
    },
    ['rules'],
  )

export const projectSchema: Schema = {
  type: 'object',
  description: 'A tenant: who may do what, and the rules of its images.',
  required: ['spec'],
  properties: {
    metadata: {
      type: 'object',
      properties: { name: dnsLabel(nameLimits.labelLengthMax) },
    },
    spec: fields<ProjectSpec>({
      description: text({ maxLength: 1024 }),
      visibility: choice(['Private', 'Public'], { default: 'Private' }),
      members: list(member(), {
        maxItems: membersMax,
        'x-kubernetes-list-type': 'map',
        'x-kubernetes-list-map-keys': ['kind', 'name'],
      }),
      storageQuota: quantity(),
      immutableTags: list(fields<TagSelection>({ repositories: pattern(), tags: pattern() }), {
        maxItems: rulesMax,
        'x-kubernetes-list-type': 'atomic',
      }),
      retention: retention(),
    }),
    status: fields<ProjectStatus>({
      conditions: conditions(),
      observedGeneration: integer({ format: 'int64' }),
    }),
  },
}
