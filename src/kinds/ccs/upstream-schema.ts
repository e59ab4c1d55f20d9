import { PATTERN_CHARS_MAX } from './image-pattern.ts'
import { projectLimits, type ProjectMember, projectRoles } from './project.ts'
import { choice, conditions, fields, integer, list, type Schema, text } from './schema.ts'
import {
  upstreamDefaults,
  upstreamLimits,
  type UpstreamPulls,
  type UpstreamSpec,
  type UpstreamStatus,
  type UpstreamTagRule,
} from './upstream.ts'
import { USER_NAME_PATTERN } from './user.ts'

const LABEL = '[a-z0-9]([-a-z0-9]*[a-z0-9])?'
/** Has a dot or a port: what has neither is no host in an image's name, but the first part of a path. */
const HOST_PATTERN = `^(${LABEL}(\\.${LABEL})+(:[0-9]{1,5})?|${LABEL}:[0-9]{1,5})$`
const NAMED = `${LABEL}(\\.${LABEL})*(:[0-9]{1,5})?`
const LOOPBACK = '(localhost|127\\.[0-9]{1,3}\\.[0-9]{1,3}\\.[0-9]{1,3}|\\[::1\\])(:[0-9]{1,5})?'
/** A path would have to be part of every name; no registry needs one. */
const ENDPOINT_PATTERN = `^(https://${NAMED}|https?://${LOOPBACK})$`

const host = (): Schema => text({ pattern: HOST_PATTERN, maxLength: 255 })
const pattern = (): Schema => text({ minLength: 1, maxLength: PATTERN_CHARS_MAX, default: '**' })
const patterns = (): Schema =>
  list(text({ minLength: 1, maxLength: PATTERN_CHARS_MAX }), {
    maxItems: upstreamLimits.patternsMax,
    'x-kubernetes-list-type': 'set',
  })
const seconds = (rules: Schema = {}): Schema =>
  integer({ format: 'int32', minimum: 0, maximum: upstreamLimits.maxAgeSeconds, ...rules })
const time = (): Schema => text({ format: 'date-time' })

const tagRule = (): Schema =>
  fields<UpstreamTagRule>({ repositories: pattern(), tags: pattern(), maxAgeSeconds: seconds() }, [
    'maxAgeSeconds',
  ])

const member = (): Schema =>
  fields<ProjectMember>(
    {
      kind: choice(['User', 'Group'], { default: 'User' }),
      name: text({ pattern: USER_NAME_PATTERN, maxLength: 63 }),
      role: choice(projectRoles, { default: 'guest' }),
    },
    ['name'],
  )

const spec = (): Schema =>
  fields<UpstreamSpec>(
    {
      host: host(),
      aliases: list(host(), {
        maxItems: upstreamLimits.aliasesMax,
        'x-kubernetes-list-type': 'set',
      }),
      endpoints: list(text({ pattern: ENDPOINT_PATTERN, maxLength: 300 }), {
        maxItems: upstreamLimits.endpointsMax,
        'x-kubernetes-list-type': 'set',
      }),
      credentialSecret: text({ maxLength: 253 }),
      tokenHosts: list(text({ pattern: `^${NAMED}$`, maxLength: 255 }), {
        maxItems: upstreamLimits.aliasesMax,
        'x-kubernetes-list-type': 'set',
      }),
      tagMaxAgeSeconds: seconds({ default: upstreamDefaults.tagMaxAgeSeconds }),
      tagRules: list(tagRule(), {
        maxItems: upstreamLimits.rulesMax,
        'x-kubernetes-list-type': 'atomic',
      }),
      allow: patterns(),
      deny: patterns(),
      offline: { type: 'boolean' },
      connectionsMax: integer({
        format: 'int32',
        minimum: 2,
        maximum: upstreamLimits.connectionsMax,
        default: upstreamDefaults.connectionsMax,
      }),
      reservedPulls: integer({
        format: 'int32',
        minimum: 0,
        maximum: upstreamLimits.pullsMax,
        default: upstreamDefaults.reservedPulls,
      }),
      visibility: choice(['Private', 'Public']),
      members: list(member(), {
        maxItems: projectLimits.membersMax,
        'x-kubernetes-list-type': 'map',
        'x-kubernetes-list-map-keys': ['kind', 'name'],
      }),
    },
    ['host'],
  )

export const upstreamSchema: Schema = {
  type: 'object',
  description: 'A registry of others whose images are mirrored.',
  required: ['spec'],
  properties: {
    spec: spec(),
    status: fields<UpstreamStatus>({
      conditions: conditions(),
      observedGeneration: integer({ format: 'int64' }),
      breaker: choice(['Closed', 'Open']),
      pulls: fields<UpstreamPulls>({
        limit: integer({ format: 'int32' }),
        remaining: integer({ format: 'int32' }),
        windowSeconds: integer({ format: 'int32' }),
        observedAt: time(),
      }),
      limitedUntil: time(),
      lastError: text({ maxLength: 4096 }),
      lastErrorAt: time(),
    }),
  },
}
