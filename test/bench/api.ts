// Reads and writes of a cluster's API over HTTPS, from a client in a process of its own.
import { CLUSTER_CONTEXT, type LiveInstance } from './live-instance.ts'
import { median, type Row, row } from './rows.ts'
import type { Step } from './step.ts'

const RUNS = 3
const SECONDS = 5
const CLIENTS = 50
const WATCHERS = 20
const LIST_OBJECTS = 13_700
const LIST_TIMES = 5

interface CreateFigures {
  perSecond: number
  p99Ms: number
  eventsPerSecond?: number
  lagP99Ms?: number
}

async function newNamespace(instance: LiveInstance, name: string): Promise<string> {
  await instance.kubectl(CLUSTER_CONTEXT, 'create', 'namespace', name)
  return name
}

/** The run with the median of creates a second. */
async function medianRun(run: () => Promise<CreateFigures>): Promise<CreateFigures> {
  const runs: CreateFigures[] = []
  for (let i = 0; i < RUNS; i++) runs.push(await run())
  const middle = median(runs.map((figures) => figures.perSecond))
  return runs.find((figures) => figures.perSecond === middle)!
}

async function measureWrites(instance: LiveInstance): Promise<Row[]> {
  const namespace = await newNamespace(instance, 'bench-writes')
  const create = (clients: number) =>
    medianRun(() => instance.load<CreateFigures>('create', namespace, clients, SECONDS))
  const many = await create(CLIENTS)
  const one = await create(1)
  return [
    row('writes50', many.perSecond),
    row('writes50p99', many.p99Ms),
    row('writes1', one.perSecond),
  ]
}

async function measureWatches(instance: LiveInstance): Promise<Row[]> {
  let count = 0
  const { eventsPerSecond, lagP99Ms } = await medianRun(async () => {
    // A watch begins with what is there: each run has a namespace of its own.
    const namespace = await newNamespace(instance, `bench-watches-${count++}`)
    return instance.load<CreateFigures>('create', namespace, CLIENTS, SECONDS, WATCHERS)
  })
  return [row('watchEvents', eventsPerSecond!), row('watchLag', lagP99Ms!)]
}

async function measureList(instance: LiveInstance): Promise<Row[]> {
  const namespace = await newNamespace(instance, 'bench-list')
  await instance.load('fill', namespace, LIST_OBJECTS)
  const { medianMs } = await instance.load<{ medianMs: number }>('list', namespace, LIST_TIMES)
  return [row('list', medianMs), row('memoryAfterList', instance.residentMegabytes('engine'))]
}

const apiStep = (name: string, measure: (instance: LiveInstance) => Promise<Row[]>): Step => ({
  name,
  needs: ['root', 'kubectl'],
  timeoutMs: 180_000,
  measure: async ({ live }) => measure(await live()),
})

export const listStep = apiStep('list', measureList)
export const writesStep = apiStep('writes', measureWrites)
export const watchesStep = apiStep('watches', measureWatches)
