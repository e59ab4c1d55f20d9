// `ccs service logs`: of all instances as one, and while following also of those that come later.
import { StatusError } from '#base/errors.ts'
import type { Client } from '#client/types.ts'
import type { Pod } from '#kinds/k8s/core.ts'
import { pods } from '#kinds/refs.ts'
import type { CommandContext } from '../context.ts'
import { EXIT, Failure } from '../failure.ts'
import { findService, type ServiceOptions, type ServicePlace } from './find-service.ts'
import { podsOf, selectInstance } from './instances.ts'
import { linesOf, type LogLine, mergeByTime, parseDuration, parseLogLine } from './log-lines.ts'

export interface LogOptions extends ServiceOptions {
  follow?: boolean
  /** Of each instance; undefined: all. */
  tail: number | undefined
  since?: string
  previous?: boolean
  timestamps?: boolean
  instance?: string
}

/** Each is a connection to the API. */
const INSTANCES_MAX = 50
const LOOK_FOR_INSTANCES_MS = 1_000

type Query = Record<string, string>

function queryOf(options: LogOptions): Query {
  const seconds = options.since === undefined ? undefined : parseDuration(options.since)
  if (options.since !== undefined && seconds === undefined)
    throw new Failure(`--since "${options.since}": write 30s, 5m, 2h or 1d`, EXIT.usage)
  if (options.follow && options.previous)
    throw new Failure(
      'a container that has ended writes no more: give either --follow or --previous',
      EXIT.usage,
    )
  return {
    timestamps: 'true',
    ...(options.tail === undefined ? {} : { tailLines: String(options.tail) }),
    ...(seconds === undefined ? {} : { sinceSeconds: String(Math.max(1, seconds)) }),
    ...(options.previous ? { previous: 'true' } : {}),
  }
}

/** The container has to have been started for there to be a log. */
const hasLog = (pod: Pod, previous: boolean): boolean =>
  (pod.status?.containerStatuses ?? []).some(({ state, lastState }) =>
    previous
      ? lastState?.terminated !== undefined
      : state?.running !== undefined ||
        state?.terminated !== undefined ||
        lastState?.terminated !== undefined,
  )

async function* logOf(
  cluster: Client,
  { metadata }: Pod,
  query: Query,
  signal?: AbortSignal,
): AsyncGenerator<LogLine> {
  const chunks = cluster.resource(pods).stream(metadata, 'log', query, signal)
  for await (const line of linesOf(chunks)) yield parseLogLine(metadata.name, line)
}

export async function showLogs(
  context: CommandContext,
  name: string,
  options: LogOptions,
): Promise<void> {
  const query = queryOf(options)
  const found = await findService(name, options)
  const { place } = found
  const cluster = await found.cluster()
  const choose = async () => {
    const all = await podsOf(cluster, place)
    return options.instance === undefined ? all : [selectInstance(all, options.instance, name)]
  }
  const print = printer(context, place, options)
  if (options.follow) return new Follower({ context, cluster, query, choose, print }).run()
  const all = await choose()
  const chosen = all.filter((pod) => hasLog(pod, options.previous === true))
  if (chosen.length === 0) return context.say(emptyText(name, all.length, options))
  if (chosen.length > INSTANCES_MAX)
    context.say(
      `${chosen.length} instances; these are the first ${INSTANCES_MAX}. --instance names another`,
    )
  const sources = chosen.slice(0, INSTANCES_MAX).map((pod) => logOf(cluster, pod, query))
  for await (const line of mergeByTime(sources)) print(line)
}

function emptyText(name: string, count: number, { previous }: LogOptions): string {
  if (previous) return `No container of service "${name}" has ended before.`
  return count === 0
    ? `Service "${name}" has no instances. 'ccs service scale ${name} --replicas 1' starts one.`
    : `No instance of service "${name}" has started yet. 'ccs service get ${name}' says why.`
}

/** "x7k2p | text": the end of an instance's name is enough to tell it from the others. */
function printer(context: CommandContext, { name }: ServicePlace, options: LogOptions) {
  return ({ source, time, text }: LogLine) => {
    const short = source.startsWith(`${name}-`) ? source.slice(name.length + 1) : source
    context.print(`${short} | ${options.timestamps ? `${time} ` : ''}${text}`)
  }
}

interface FollowOptions {
  context: CommandContext
  cluster: Client
  query: Query
  choose: () => Promise<Pod[]>
  print: (line: LogLine) => void
}

/** Follows each instance there is, joins those that come, and goes on after a restart where it ended. */
class Follower {
  readonly #options: FollowOptions
  readonly #following = new Set<string>()
  /** Time of the last line printed, of each instance. */
  readonly #lastTimes = new Map<string, string>()
  #isFirstLook = true
  #saidTooMany = false

  constructor(options: FollowOptions) {
    this.#options = options
  }

  /** Until the command is interrupted. */
  async run(): Promise<void> {
    const { choose, context } = this.#options
    for (;;) {
      const all = await choose()
      if (this.#isFirstLook && all.length === 0) context.say('No instances yet; waiting for one.')
      for (const pod of all) this.#join(pod)
      this.#forget(all)
      this.#isFirstLook = false
      await context.clock.sleep(LOOK_FOR_INSTANCES_MS)
    }
  }

  #join(pod: Pod): void {
    const { name } = pod.metadata
    const isRunning = pod.status?.containerStatuses?.some(({ state }) => state?.running) ?? false
    if (this.#following.has(name) || !hasLog(pod, false)) return
    // A container that ended was read to its end.
    if (!isRunning && this.#lastTimes.has(name)) return
    if (this.#following.size >= INSTANCES_MAX) return this.#sayTooMany()
    if (!this.#isFirstLook && !this.#lastTimes.has(name))
      this.#options.context.say(`-- joins: ${name}`)
    this.#following.add(name)
    void this.#follow(pod).finally(() => this.#following.delete(name))
  }

  #sayTooMany(): void {
    if (this.#saidTooMany) return
    this.#saidTooMany = true
    this.#options.context.say(`-- only ${INSTANCES_MAX} instances are followed at a time`)
  }

  async #follow(pod: Pod): Promise<void> {
    const { cluster, print, context } = this.#options
    const { name } = pod.metadata
    const last = this.#lastTimes.get(name)
    try {
      for await (const line of logOf(cluster, pod, this.#queryOf(last))) {
        // The API counts from whole seconds: what was printed comes again.
        if (last !== undefined && line.time <= last) continue
        this.#lastTimes.set(name, line.time)
        print(line)
      }
      this.#lastTimes.set(name, this.#lastTimes.get(name) ?? '')
    } catch (error) {
      // The instance went, or its node is not there for the moment: the next look knows.
      if (!(error instanceof StatusError)) context.say(`-- ${name}: ${(error as Error).message}`)
    }
  }

  /** Those that were there from the start show what was asked for; later ones show all they wrote. */
  #queryOf(last: string | undefined): Query {
    const { query } = this.#options
    if (last !== undefined && last !== '')
      return { follow: 'true', timestamps: 'true', sinceTime: last }
    return this.#isFirstLook ? { ...query, follow: 'true' } : { follow: 'true', timestamps: 'true' }
  }

  #forget(all: readonly Pod[]): void {
    const names = new Set(all.map(({ metadata }) => metadata.name))
    for (const name of this.#lastTimes.keys())
      if (!names.has(name) && !this.#following.has(name)) this.#lastTimes.delete(name)
  }
}
