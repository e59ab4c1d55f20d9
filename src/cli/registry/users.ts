// `ccs registry user`: people, and their passwords.
import { isReason } from '#base/errors.ts'
import { hashPassword, PASSWORD_CHARS_MAX } from '#identity/password-hash.ts'
import type { Client } from '#client/types.ts'
import { CCS_API_VERSION } from '#kinds/ccs/group.ts'
import { passwordSecrets, type User, users } from '#kinds/ccs/user.ts'
import { namespaces, secrets } from '#kinds/refs.ts'
import {
  clientOf,
  type CommandContext,
  type CommonOptions,
  findInstance,
  show,
} from '../context.ts'
import { EXIT, Failure } from '../failure.ts'

const PASSWORD_CHARS_MIN = 10

export interface UserOptions extends CommonOptions {
  admin?: boolean
  displayName?: string
  email?: string
}

export async function listUsers(context: CommandContext, options: CommonOptions): Promise<void> {
  const hub = await clientOf(findInstance(options))
  const { items } = await hub.resource(users).list()
  show(context, options, {
    columns: [
      { title: 'NAME', value: (u: User) => u.metadata.name },
      { title: 'PERSON', value: ({ spec }) => spec.displayName ?? '' },
      { title: 'ADMINISTRATOR', value: ({ spec }) => (spec.administrator ? 'yes' : 'no') },
      { title: 'DISABLED', value: ({ spec }) => (spec.disabled ? 'yes' : 'no') },
    ],
    rows: items,
    value: items,
    empty: "No users yet. Make one with 'ccs registry user create NAME'.",
  })
}

/** The password comes by standard input: on a command line everybody on the computer could read it. */
export async function createUser(
  context: CommandContext,
  name: string,
  options: UserOptions,
  password: string,
): Promise<void> {
  checkPassword(password)
  const hub = await clientOf(findInstance(options))
  await hub.resource(users).create({
    apiVersion: CCS_API_VERSION,
    kind: users.kind,
    metadata: { name },
    spec: {
      ...(options.admin && { administrator: true }),
      ...(options.displayName !== undefined && { displayName: options.displayName }),
      ...(options.email !== undefined && { email: options.email }),
    },
  })
  await keepPassword(hub, name, password)
  context.print(`user ${name} is made; log in with: docker login -u ${name} HOST`)
}

export async function setPassword(
  context: CommandContext,
  name: string,
  options: CommonOptions,
  password: string,
): Promise<void> {
  checkPassword(password)
  const hub = await clientOf(findInstance(options))
  await hub.resource(users).get({ name })
  await keepPassword(hub, name, password)
  context.print(`the password of ${name} is changed; what was issued for the old one is worthless`)
}

export async function deleteUser(
  context: CommandContext,
  name: string,
  options: CommonOptions,
): Promise<void> {
  const hub = await clientOf(findInstance(options))
  await hub.resource(users).delete({ name })
  const { namespace } = passwordSecrets
  try {
    await hub.resource(secrets).delete({ namespace, name: passwordSecrets.name(name) })
  } catch (error) {
    if (!isReason(error, 'NotFound')) throw error
  }
  context.print(`user ${name} is deleted`)
}

async function keepPassword(hub: Client, user: string, password: string): Promise<void> {
  const { namespace, key, type } = passwordSecrets
  const secret = {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: passwordSecrets.name(user), namespace },
    type,
    data: { [key]: Buffer.from(await hashPassword(password)).toString('base64') },
  } as const
  await createOrLeave(() =>
    hub.resource(namespaces).create({
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name: namespace },
      spec: {},
    }),
  )
  const isNew = await createOrLeave(() => hub.resource(secrets).create(secret))
  if (!isNew) await hub.resource(secrets).patch(secret.metadata, { data: secret.data })
}

/** False when it is there already. */
async function createOrLeave(create: () => Promise<unknown>): Promise<boolean> {
  try {
    await create()
    return true
  } catch (error) {
    if (isReason(error, 'AlreadyExists')) return false
    throw error
  }
}

function checkPassword(password: string): void {
  if (password.length >= PASSWORD_CHARS_MIN && password.length <= PASSWORD_CHARS_MAX) return
  throw new Failure(
    `a password has ${PASSWORD_CHARS_MIN} to ${PASSWORD_CHARS_MAX} characters; it comes by standard input`,
    EXIT.usage,
  )
}

const STDIN_CHARS_MAX = 4 * PASSWORD_CHARS_MAX

/** The first line of standard input. */
export async function readPassword(input: AsyncIterable<Buffer | string>): Promise<string> {
  let text = ''
  for await (const chunk of input) {
    text += String(chunk)
    if (text.length > STDIN_CHARS_MAX) break
  }
  return text.split(/\r?\n/, 1)[0]!
}
