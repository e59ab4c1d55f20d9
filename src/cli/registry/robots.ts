// `ccs registry robot`: what pipelines log in as.
import { hashToken, newSecretToken } from '#identity/secret-token.ts'
import { CCS_API_VERSION } from '#kinds/ccs/group.ts'
import { type Robot, type RobotAction, robotActions, robotLogin, robots } from '#kinds/ccs/robot.ts'
import {
  clientOf,
  type CommandContext,
  type CommonOptions,
  findInstance,
  outputFormat,
  show,
} from '../context.ts'
import { EXIT, Failure } from '../failure.ts'
import { renderValue } from '../output.ts'
import { checkName } from '../service/find-service.ts'
import { parseDuration } from '../service/log-lines.ts'

export interface RobotOptions extends CommonOptions {
  project: string
  allow?: string
  repositories?: string
  expires?: string
  createOnly?: boolean
  description?: string
}

export async function listRobots(context: CommandContext, options: RobotOptions): Promise<void> {
  checkName('project', options.project)
  const hub = await clientOf(findInstance(options))
  const { items } = await hub.resource(robots).list({ namespace: options.project })
  show(context, options, {
    columns: [
      { title: 'LOGIN', value: (r: Robot) => robotLogin(options.project, r.metadata.name) },
      { title: 'MAY', value: ({ spec }) => spec.permissions.map(permission).join('; ') },
      { title: 'EXPIRES', value: ({ spec }) => spec.expiresAt ?? 'never' },
      { title: 'DISABLED', value: ({ spec }) => (spec.disabled ? 'yes' : 'no') },
    ],
    rows: items,
    value: items,
    empty: `No robots in project "${options.project}". Make one with 'ccs registry robot create NAME -p ${options.project}'.`,
  })
}

const permission = ({ actions, repositories, createOnly }: Robot['spec']['permissions'][number]) =>
  `${actions.join(',')} ${repositories}${createOnly ? ' (new tags only)' : ''}`

export async function createRobot(
  context: CommandContext,
  name: string,
  options: RobotOptions,
): Promise<void> {
  checkName('robot', name)
  checkName('project', options.project)
  const token = newSecretToken()
  const expiresAt = expiryOf(options.expires, context.clock.now())
  const hub = await clientOf(findInstance(options))
  await hub.resource(robots).create({
    apiVersion: CCS_API_VERSION,
    kind: robots.kind,
    metadata: { name, namespace: options.project },
    spec: {
      permissions: [
        {
          repositories: options.repositories ?? '**',
          actions: actionsOf(options.allow ?? 'pull,push'),
          ...(options.createOnly && { createOnly: true }),
        },
      ],
      tokenHash: hashToken(token),
      ...(expiresAt !== undefined && { expiresAt }),
      ...(options.description !== undefined && { description: options.description }),
    },
  })
  tell(context, options, { login: robotLogin(options.project, name), token })
}

/** A new token; the old one is worthless from now on. */
export async function rotateRobot(
  context: CommandContext,
  name: string,
  options: RobotOptions,
): Promise<void> {
  checkName('robot', name)
  const token = newSecretToken()
  const place = { name, namespace: options.project }
  const hub = await clientOf(findInstance(options))
  await hub.resource(robots).patch(place, { spec: { tokenHash: hashToken(token) } })
  tell(context, options, { login: robotLogin(options.project, name), token })
}

export async function deleteRobot(
  context: CommandContext,
  name: string,
  options: RobotOptions,
): Promise<void> {
  checkName('robot', name)
  const hub = await clientOf(findInstance(options))
  await hub.resource(robots).delete({ name, namespace: options.project })
  context.print(
    `robot ${robotLogin(options.project, name)} is deleted; its token opens nothing now`,
  )
}

/** The token is shown this once: only its hash is kept. */
function tell(
  context: CommandContext,
  options: CommonOptions,
  made: { login: string; token: string },
): void {
  const format = outputFormat(options)
  if (format !== 'table') return context.print(renderValue(made, format))
  context.print(`login  ${made.login}`)
  context.print(`token  ${made.token}`)
  context.say('The token is shown this once. Lost, it is replaced with: ccs registry robot rotate')
}

export function actionsOf(text: string): RobotAction[] {
  const actions = text.split(',').map((action) => action.trim())
  const wrong = actions.find((action) => !(robotActions as readonly string[]).includes(action))
  if (wrong === undefined) return actions as RobotAction[]
  throw new Failure(
    `--allow "${wrong}": write ${robotActions.join(', ')}, parted by commas`,
    EXIT.usage,
  )
}

export function expiryOf(text: string | undefined, nowMs: number): string | undefined {
  if (text === undefined) return undefined
  const seconds = parseDuration(text)
  if (seconds === undefined || seconds === 0)
    throw new Failure(`--expires "${text}": write a time from now, such as 12h or 90d`, EXIT.usage)
  return new Date(nowMs + seconds * 1000).toISOString()
}
