// `ccs service update` and `scale`, and the way every change of a service goes: shown first, then made,
// then waited for.
import { rfc3339Micro } from '#base/clock.ts'
import {
  containerServices,
  type ContainerService,
  type ContainerServiceSpec,
} from '#kinds/ccs/container-service.ts'
import { serviceAnnotations } from '#kinds/ccs/service-annotations.ts'
import { type SpecChange, specChanges } from '#kinds/ccs/spec-changes.ts'
import { clientOf, type CommandContext, findInstance, outputFormat } from '../context.ts'
import { EXIT, Failure } from '../failure.ts'
import { renderValue } from '../output.ts'
import { requireCluster } from '../require-cluster.ts'
import { findService, type FoundService, type ServiceOptions } from './find-service.ts'
import { type SpecFlags, withFlags } from './spec-flags.ts'
import { Rejection, waitForService } from './wait-for-service.ts'

export interface ChangeOptions extends ServiceOptions {
  wait: boolean
  timeout: number
  dryRun?: boolean
  /** For the history, in the user's words. */
  cause?: string
}

export interface Patch {
  annotations?: Record<string, string>
  /** A merge patch of the spec. */
  spec?: Record<string, unknown>
}

const shown = (value: string | undefined) => (value === undefined ? '(not set)' : value || '""')

/** One line for each field: "  image: web:1 -> web:2". */
export function changeLines(changes: readonly SpecChange[]): string[] {
  return changes.map(({ field, from, to }) => `  ${field}: ${shown(from)} -> ${shown(to)}`)
}

/** Shows what will change; true when that is all that was asked for. */
export function previewed(
  context: CommandContext,
  options: ChangeOptions,
  name: string,
  changes: readonly SpecChange[],
): boolean {
  const format = outputFormat(options)
  const lines = changeLines(changes)
  if (!options.dryRun) {
    for (const line of lines) context.say(line)
    return false
  }
  if (format !== 'table') context.print(renderValue(changes, format))
  else if (lines.length > 0) context.print(lines.join('\n'))
  else context.say('  nothing differs')
  context.say(`dry run: service "${name}" is as it was`)
  return true
}

/** Writes a change and waits until it is so. */
export async function makeChange(
  context: CommandContext,
  found: FoundService,
  options: ChangeOptions,
  { annotations = {}, spec }: Patch,
): Promise<ContainerService> {
  const { client, place } = found
  const cause =
    options.cause === undefined ? {} : { [serviceAnnotations.changeCause]: options.cause }
  const changed = await client.resource(containerServices).patch(place, {
    metadata: { annotations: { ...annotations, ...cause } },
    ...(spec === undefined ? {} : { spec }),
  })
  const service = options.wait ? await becomeSo(context, found, changed, options) : changed
  const format = outputFormat(options)
  if (format !== 'table') context.print(renderValue(service, format))
  return service
}

/** What cannot be is taken back: nothing of it was done, and the service is as it was. */
async function becomeSo(
  context: CommandContext,
  found: FoundService,
  changed: ContainerService,
  { timeout }: ChangeOptions,
): Promise<ContainerService> {
  try {
    return await waitForService(context, found, timeout)
  } catch (error) {
    if (!(error instanceof Rejection)) throw error
    const { client, place, service: before } = found
    const { annotations = {} } = before.metadata
    const notes = WISHES.map((name) => [name, annotations[name] ?? null] as const)
    await client.resource(containerServices).patch(place, {
      metadata: { annotations: Object.fromEntries(notes) },
      spec: specPatch(changed.spec, before.spec),
    })
    throw new Failure(`service "${place.name}" is as it was: ${error.message}`)
  }
}

const { imageRequestedAt, restartedAt, changeCause } = serviceAnnotations
const WISHES = [imageRequestedAt, restartedAt, changeCause]

/** A merge patch from one spec to another: fields whole, those that are gone as null. */
export function specPatch(
  before: ContainerServiceSpec,
  after: ContainerServiceSpec,
): Record<string, unknown> {
  const fields = new Set([...Object.keys(before), ...Object.keys(after)]) as Set<
    keyof ContainerServiceSpec
  >
  const entries = [...fields]
    .filter((field) => JSON.stringify(before[field]) !== JSON.stringify(after[field]))
    .map((field) => [field, replacement(before[field], after[field])])
  return Object.fromEntries(entries)
}

/** Objects are merged by a merge patch: what is not there any more has to be named. */
function replacement(before: unknown, after: unknown): unknown {
  if (after === undefined) return null
  const isObject = (value: unknown): value is Record<string, unknown> =>
    typeof value === 'object' && value !== null && !Array.isArray(value)
  if (!isObject(after) || !isObject(before)) return after
  const gone = Object.keys(before).filter((key) => after[key] === undefined)
  return {
    ...Object.fromEntries(gone.map((key) => [key, null])),
    ...Object.fromEntries(
      Object.entries(after).map(([key, value]) => [key, replacement(before[key], value)]),
    ),
  }
}

const UPDATE_FLAGS: readonly (keyof SpecFlags)[] = [
  'image',
  'replicas',
  'port',
  'env',
  'cluster',
  'access',
  'requests',
  'limits',
  'readiness',
  'drain',
  'maxUnavailable',
  'spread',
]

const isGiven = (value: unknown) => (Array.isArray(value) ? value.length > 0 : value !== undefined)

/** The same image again means: look up its tag anew, and roll out when the tag has moved. */
export async function updateService(
  context: CommandContext,
  name: string,
  words: readonly string[],
  options: ChangeOptions & SpecFlags,
): Promise<void> {
  if (
    words.length === 0 &&
    !options.command &&
    !UPDATE_FLAGS.some((flag) => isGiven(options[flag]))
  )
    throw new Failure(
      `nothing to change was named. Give at least one of --image, --env, --port, --replicas, ...; 'ccs service update --help' shows all`,
      EXIT.usage,
    )
  const found = await findService(name, options)
  const before = found.service.spec
  const after = withFlags(name, before, options, words)
  if (options.cluster !== undefined) await requireCluster(found.client, options.cluster)
  const changes = specChanges(before, after)
  const looksUpAnew = options.image !== undefined
  if (changes.length === 0 && looksUpAnew)
    context.say(`  image: ${after.image} is looked up anew, in case its tag was moved`)
  if (previewed(context, options, name, changes)) return
  if (changes.length === 0 && !looksUpAnew) {
    context.say(`service "${name}" is so already; nothing was changed`)
    return
  }
  // Its instances are to be looked for where they will be.
  const target = { ...found, cluster: () => clientOf(findInstance(options), after.cluster) }
  await makeChange(context, target, options, {
    ...(looksUpAnew
      ? {
          annotations: { [serviceAnnotations.imageRequestedAt]: rfc3339Micro(context.clock.now()) },
        }
      : {}),
    spec: specPatch(before, after),
  })
  context.say(`service "${name}" updated`)
}

export async function scaleService(
  context: CommandContext,
  name: string,
  options: ChangeOptions & { replicas: number },
): Promise<void> {
  const found = await findService(name, options)
  const { replicas } = options
  await makeChange(context, found, options, { spec: { replicas } })
  const counted = replicas === 1 ? '1 instance' : `${replicas} instances`
  context.say(`service "${name}" ${options.wait ? 'has' : 'is to have'} ${counted}`)
}
