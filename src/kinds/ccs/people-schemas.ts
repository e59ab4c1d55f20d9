import { PATTERN_CHARS_MAX } from './image-pattern.ts'
import { nameLimits } from './limits.ts'
import {
  type Robot,
  ROBOT_PERMISSIONS_MAX,
  robotActions,
  type RobotPermission,
  type RobotSpec,
} from './robot.ts'
import { choice, conditions, dnsLabel, fields, list, type Schema, text } from './schema.ts'
import { USER_GROUP_MEMBERS_MAX, type UserGroupSpec } from './user-group.ts'
import { USER_NAME_PATTERN, type UserSpec } from './user.ts'

const { labelLengthMax } = nameLimits
const flag = (): Schema => ({ type: 'boolean' })
const userName = (): Schema => text({ pattern: USER_NAME_PATTERN, maxLength: labelLengthMax })
const named = (name: Schema): Schema => ({ type: 'object', properties: { name } })

export const userSchema: Schema = {
  type: 'object',
  description: 'A person who uses the instance.',
  required: ['spec'],
  properties: {
    metadata: named(userName()),
    spec: fields<UserSpec>({
      displayName: text({ maxLength: 256 }),
      email: text({ maxLength: 320 }),
      disabled: flag(),
      administrator: flag(),
    }),
  },
}

export const userGroupSchema: Schema = {
  type: 'object',
  description: 'A group of users.',
  required: ['spec'],
  properties: {
    metadata: named(userName()),
    spec: fields<UserGroupSpec>({
      description: text({ maxLength: 1024 }),
      members: list(userName(), {
        maxItems: USER_GROUP_MEMBERS_MAX,
        'x-kubernetes-list-type': 'set',
      }),
    }),
  },
}

const permission = (): Schema =>
  fields<RobotPermission>(
    {
      repositories: text({ minLength: 1, maxLength: PATTERN_CHARS_MAX, default: '**' }),
      actions: list(choice(robotActions), {
        minItems: 1,
        maxItems: robotActions.length,
        'x-kubernetes-list-type': 'set',
      }),
      createOnly: flag(),
    },
    ['actions'],
  )

export const robotSchema: Schema = {
  type: 'object',
  description: 'What a pipeline logs in to the registry as.',
  required: ['spec'],
  properties: {
    metadata: named(dnsLabel(labelLengthMax)),
    spec: fields<RobotSpec>(
      {
        description: text({ maxLength: 1024 }),
        permissions: list(permission(), {
          minItems: 1,
          maxItems: ROBOT_PERMISSIONS_MAX,
          'x-kubernetes-list-type': 'atomic',
        }),
        disabled: flag(),
        expiresAt: text({ format: 'date-time' }),
        tokenHash: text({ pattern: '^[0-9a-f]{64}$' }),
      },
      ['permissions', 'tokenHash'],
    ),
    status: fields<NonNullable<Robot['status']>>({ conditions: conditions() }),
  },
}
