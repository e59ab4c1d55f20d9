// API Priority and Fairness of one logical cluster: of which flow schema and priority level a request is, and when
// it may go on. Follows the objects that are stored, from the first request on; a cluster that is never asked
// costs nothing.
import type { UserInfo } from '#base/api-call.ts'
import type { Clock } from '#base/clock.ts'
import type { Random } from '#base/random.ts'
import type { FlowSchema, PriorityLevelConfiguration } from '#kinds/k8s/flowcontrol.ts'
import type { StoreWatch } from '#storage/types.ts'
import type { ObjectStorage } from '../objects/object-storage.ts'
import type { RequestInfo } from '../request-info.ts'
import { prefixFor, type ResourceRegistry } from '../resources.ts'
import { distinguish, findSchema } from './classify.ts'
import { Dispatcher, type Turn } from './dispatcher.ts'
import { type Dump, dump } from './dump.ts'
import { estimateSeats } from './estimate-seats.ts'
import { type FlowSchemaSpec, readFlowConfig } from './flow-config.ts'
import type { Level } from './level.ts'
import type { SeatPool } from './seat-pool.ts'

const GROUP = 'flowcontrol.apiserver.k8s.io'
const SCHEMAS = prefixFor(GROUP, 'flowschemas')
const LEVELS = prefixFor(GROUP, 'prioritylevelconfigurations')

export interface FlowRequest {
  user: UserInfo
  info: RequestInfo
  query: URLSearchParams
  /** Aborts when its client has gone. */
  signal: AbortSignal
}

/** A flow schema with its level. */
export interface Flow extends FlowSchemaSpec {
  to: Level
}

export interface Fairness {
  flowOf(user: UserInfo, info: RequestInfo): Flow
  /** At once where nobody waits. Throws, or rejects with, "TooManyRequests". */
  enter(flow: Flow, request: FlowRequest): Turn | Promise<Turn>
  dump(what: Dump): string
  close(): void
}

export interface FairnessOptions {
  objects: ObjectStorage
  resources: ResourceRegistry
  clock: Clock
  random: Random
  pool: SeatPool
}

export function createFairness(options: FairnessOptions): Fairness {
  let following: Following | undefined
  const followed = (): Following => (following ??= follow(options))
  const { resources, objects } = options
  return {
    flowOf: (user, info) => findSchema(followed().flows, user, info),
    enter(flow, { user, info, query, signal }) {
      const count = () => countOf(resources, objects, info)
      const seats = estimateSeats(info, query, count)
      const distinguisher = distinguish(flow, user, info)
      return followed().dispatcher.enter(flow.to, {
        seats,
        schema: flow.name,
        distinguisher,
        signal,
      })
    },
    dump: (what) => dump(what, followed().dispatcher.levels),
    close: () => following?.close(),
  }
}

function countOf(resources: ResourceRegistry, objects: ObjectStorage, info: RequestInfo): number {
  if (info.type === 'path') return 0
  const resource = resources.find(info.group, info.version, info.resource)
  if (resource === undefined) return 0
  const { prefix } = resource
  return objects.store.count(info.namespace === undefined ? prefix : `${prefix}${info.namespace}/`)
}

interface Following {
  readonly flows: readonly Flow[]
  readonly dispatcher: Dispatcher
  close(): void
}

function follow({ objects, clock, random, pool }: FairnessOptions): Following {
  const dispatcher = new Dispatcher({ clock, pool, seed: Math.floor(random.next() * 2 ** 32) })
  let flows: readonly Flow[] = []
  let isStale = true
  const read = () => {
    isStale = false
    const stored = <T>(prefix: string) => objects.list(prefix).map(({ object }) => object as T)
    const config = readFlowConfig(
      stored<FlowSchema>(SCHEMAS),
      stored<PriorityLevelConfiguration>(LEVELS),
    )
    dispatcher.setLevels(config.levels)
    flows = config.schemas.map((schema) => ({ ...schema, to: dispatcher.level(schema.level) }))
  }
  // Many changes at once are read once, by the next request; those who wait must not wait for one.
  const events = () => {
    isStale = true
    if (dispatcher.waiting > 0) read()
  }
  const watches: StoreWatch[] = [SCHEMAS, LEVELS].map((prefix) =>
    objects.store.watch(prefix, objects.revision, { events }),
  )
  return {
    dispatcher,
    get flows() {
      if (isStale) read()
      return flows
    },
    close() {
      for (const watch of watches) watch.close()
      dispatcher.close()
    },
  }
}
