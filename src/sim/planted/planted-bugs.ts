// Bugs as they happen, each put in from outside: what a simulation is worth is which of them it finds.
import type { ApiCall } from '#base/api-call.ts'
import type { Namespace } from '#kinds/k8s/core.ts'
import { isDeleting } from '#kinds/meta.ts'
import { namespaces } from '#kinds/refs.ts'
import type { Committer, Write } from '#storage/committer.ts'
import type { Fault } from '../faults.ts'
import type { Plant } from '../plant.ts'
import type { StartProcess } from '../processes.ts'
import { controllersProcess } from '../real-processes.ts'
import { startControllersBut } from './controllers-but.ts'
import { forgetfulControllers } from './forgetful-replica-sets.ts'
import { forgetfulScheduler } from './forgetful-scheduler.ts'

export interface PlantedBug {
  name: string
  plant: Plant
  /** What a check says of it. */
  found: RegExp
  faults: readonly Fault[]
  rates?: Partial<Record<Fault, number>>
  /** Within so many seeds of so many minutes. */
  seedsMax: number
  minutes: number
}

/** An informer that loses the first event of a watch it comes back with. */
const losesFirstEvent = (call: ApiCall): ApiCall =>
  async function lossy(request) {
    const response = await call(request)
    if (response.type !== 'watch' || !request.query.has('resourceVersion')) return response
    return { type: 'watch', events: withoutFirst(response.events) }
  }

async function* withoutFirst(events: AsyncIterable<unknown>): AsyncGenerator<unknown> {
  let isFirst = true
  for await (const event of events) {
    const { type } = event as { type: string }
    if (!isFirst || type === 'BOOKMARK' || type === 'ERROR') yield event
    isFirst = false
  }
}

/** A server that says "written" as soon as the write is on its way. */
const acknowledgesEarly = (disk: Committer): Committer => ({
  commit(writes: readonly Write[]) {
    disk.commit(writes).catch(() => undefined)
    return Promise.resolve()
  },
  compact: (revision) => disk.compact(revision),
  backup: (path) => disk.backup(path),
  close: () => disk.close(),
})

/** A server for which an eviction is a deletion. */
const ignoresBudgets = (call: ApiCall): ApiCall =>
  async function evict(request) {
    const path = /^(.*)\/eviction$/.exec(request.path)?.[1]
    if (path === undefined || request.method !== 'POST') return call(request)
    const { body: _eviction, ...rest } = request
    await call({ ...rest, method: 'DELETE', path })
    return { type: 'object', status: 201, body: { kind: 'Status', status: 'Success' } }
  }

/** A server that does not look at finalizers: what is deleted is gone. */
const ignoresFinalizers = (call: ApiCall): ApiCall =>
  async function remove(request) {
    if (request.method === 'DELETE' && /\/deployments\/[^/]+$/.test(request.path)) {
      const found = await call({ method: 'GET', path: request.path, query: new URLSearchParams() })
      if (found.type === 'object') {
        const { metadata, ...rest } = structuredClone(found.body) as Record<string, object>
        const body = { ...rest, metadata: { ...metadata, finalizers: [] } }
        await call({ ...request, method: 'PUT', query: new URLSearchParams(), body })
      }
    }
    return call(request)
  }

/** A server whose watches leave out one event in a hundred. */
const leavesOutEvents = (call: ApiCall): ApiCall =>
  async function leaky(request) {
    const response = await call(request)
    if (response.type !== 'watch') return response
    return { type: 'watch', events: withoutEach(100, response.events) }
  }

async function* withoutEach(nth: number, events: AsyncIterable<unknown>): AsyncGenerator<unknown> {
  let count = 0
  for await (const event of events) if (++count % nth !== 0) yield event
}

/** A client that takes some writes of endpoints for done without doing them. */
const dropsEndpoints = (call: ApiCall): ApiCall => {
  let count = 0
  return async function careless(request) {
    const isWrite = /\/endpoint/.test(request.path) && request.method !== 'GET'
    if (!isWrite || ++count % 4 !== 0) return call(request)
    return { type: 'object', status: 200, body: request.body }
  }
}

const withoutGarbageCollector: StartProcess = (context) =>
  startControllersBut('garbageCollector', context)

/** A namespace is let go before it is empty. */
const hastyNamespaces: StartProcess = (context) => {
  controllersProcess(context)
  const finalize = (namespace: Namespace) => {
    if (!isDeleting(namespace)) return
    const body = { ...namespace, spec: { finalizers: [] } }
    context.client
      .resource(namespaces)
      .subresource('PUT', namespace.metadata, 'finalize', body)
      .catch(() => undefined)
  }
  context.informers.informer(namespaces).on({ added: finalize, updated: finalize })
}

/** Durations are measured with the wall clock. */
const wallClockControllers: StartProcess = (context) =>
  controllersProcess({
    ...context,
    clock: { ...context.clock, monotonic: () => context.clock.now() },
  })

/** Something is written again and again, though nothing changes. */
const restlessControllers: StartProcess = (context) => {
  controllersProcess(context)
  let count = 0
  const touch = () => {
    const metadata = { annotations: { 'simulation.test/looked': String(++count) } }
    context.client
      .resource(namespaces)
      .patch({ name: 'default' }, { metadata })
      .catch(() => undefined)
    context.clock.after(5_000, touch)
  }
  touch()
}

const late: readonly Fault[] = ['event-late', 'slow-call']

export const plantedBugs: readonly PlantedBug[] = [
  {
    name: 'a replica set controller without expectations',
    plant: { controllers: forgetfulControllers },
    found: /pods, and at most \d+ were wished for/,
    faults: late,
    seedsMax: 8,
    minutes: 10,
  },
  {
    name: 'a scheduler that forgets its own bindings',
    plant: { scheduler: forgetfulScheduler },
    found: /its pods ask for/,
    faults: [...late, 'node-silent'],
    seedsMax: 12,
    minutes: 10,
  },
  {
    name: 'an informer that loses an event when it comes back',
    plant: { call: losesFirstEvent },
    found: /not as declared|a cache is wrong|did not stay as declared|for [\d.]+ s|pods ready of/,
    faults: ['watch-closed', 'event-lost'],
    seedsMax: 4,
    minutes: 10,
  },
  {
    name: 'a write that is acknowledged before it is on the disk',
    plant: { disk: acknowledgesEarly },
    found: /the disk has only/,
    faults: [],
    seedsMax: 1,
    minutes: 5,
  },
  {
    name: 'an eviction that asks no budget',
    plant: { serverCall: ignoresBudgets },
    found: /was evicted, and its budget .* was not asked|pods ready of/,
    faults: [],
    seedsMax: 8,
    minutes: 10,
  },
  {
    name: 'a server that ignores finalizers',
    plant: { serverCall: ignoresFinalizers },
    found: /nobody took the finalizer/,
    faults: [],
    seedsMax: 12,
    minutes: 10,
  },
  {
    name: 'a server whose watches leave events out',
    plant: { serverCall: leavesOutEvents },
    found: /left out/,
    faults: [],
    seedsMax: 2,
    minutes: 10,
  },
  {
    name: 'writes of endpoints that are taken for done',
    plant: { call: dropsEndpoints },
    found: /its slices have|its endpoints have|endpoint slice|has lost its owner/,
    faults: [],
    seedsMax: 6,
    minutes: 10,
  },
  {
    name: 'a cluster without a garbage collector',
    plant: { controllers: withoutGarbageCollector },
    found: /has lost its owner|is still being deleted/,
    faults: [],
    seedsMax: 4,
    minutes: 10,
  },
  {
    name: 'a namespace that goes before it is empty',
    plant: { controllers: hastyNamespaces },
    found: /is gone, and .* is in it still/,
    faults: [],
    seedsMax: 6,
    minutes: 10,
  },
  {
    name: 'durations that are measured with the wall clock',
    plant: { controllers: wallClockControllers },
    found: /is called silent and is not/,
    faults: ['clock-step'],
    rates: { 'clock-step': 1 },
    seedsMax: 6,
    minutes: 10,
  },
  {
    name: 'a controller that never comes to rest',
    plant: { controllers: restlessControllers },
    found: /writes a minute though there is nothing to do/,
    faults: [],
    seedsMax: 1,
    minutes: 2,
  },
]
