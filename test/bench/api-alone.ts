// What an API server does by itself: writes, watches, lists, memory, start. The same rows for ours and, with
// --server, for any other Kubernetes.
import { tmpdir } from 'node:os'
import { ApiTarget } from './api-target.ts'
import { median, type Row, type RowName, row } from './rows.ts'
import type { BenchContext, Step } from './step.ts'

interface CreateFigures {
  perSecond: number
  p99Ms: number
  eventsPerSecond?: number
  lagP99Ms?: number
}

const RUNS = 3
const SECONDS = 5

async function medianRun(run: () => Promise<CreateFigures>): Promise<CreateFigures> {
  const runs: CreateFigures[] = []
  for (let i = 0; i < RUNS; i++) runs.push(await run())
  const middle = median(runs.map((figures) => figures.perSecond))
  return runs.find((figures) => figures.perSecond === middle)!
}

const WRITES: readonly { clients: number; rate: RowName; p99: RowName }[] = [
  { clients: 1, rate: 'apiWrites1', p99: 'apiWrites1p99' },
  { clients: 10, rate: 'apiWrites10', p99: 'apiWrites10p99' },
  { clients: 50, rate: 'apiWrites50', p99: 'apiWrites50p99' },
  { clients: 1000, rate: 'apiWrites1000', p99: 'apiWrites1000p99' },
]

async function measureWrites(target: ApiTarget): Promise<Row[]> {
  const namespace = await target.newNamespace('writes')
  const rows: Row[] = []
  for (const { clients, rate, p99 } of WRITES) {
    const figures = await medianRun(() => target.load('create', namespace, clients, SECONDS))
    rows.push(row(rate, figures.perSecond), row(p99, figures.p99Ms))
  }
  return rows
}

const WATCHERS = 1_000
const WATCH_WRITERS = 50
/** Creates that some watcher may not have seen while the next one is sent. */
const WATCH_AHEAD = 20

async function measureWatches(target: ApiTarget): Promise<Row[]> {
  const { eventsPerSecond, lagP99Ms } = await medianRun(async () => {
    const namespace = await target.newNamespace('watches')
    return target.load('create', namespace, WATCH_WRITERS, SECONDS, WATCHERS, WATCH_AHEAD)
  })
  return [row('fanOut', eventsPerSecond!), row('fanOutLag', lagP99Ms!)]
}

const PODS = 10_000
const OBJECTS = 100_000
const LIST_TIMES = 5

/** On a server of its own where it may be: what others left would be counted as objects of these. */
async function measureListsAlone(target: ApiTarget): Promise<Row[]> {
  if (target.process === undefined) return measureLists(target)
  const own = await ApiTarget.start(tmpdir())
  try {
    return await measureLists(own)
  } finally {
    await own.stop()
  }
}

async function measureLists(target: ApiTarget): Promise<Row[]> {
  const list = async (plural: string, count: number) => {
    const namespace = await target.newNamespace(plural)
    await target.load('fill', namespace, count, plural)
    return target.load<{ medianMs: number }>('list', namespace, LIST_TIMES, plural)
  }
  const pods = await list('pods', PODS)
  const objects = await list('configmaps', OBJECTS)
  return [
    row('listPods', pods.medianMs),
    row('listObjects', objects.medianMs),
    ...(target.process === undefined ? [] : await measureRestart(target)),
  ]
}

/** The server on files with that many objects: how fast it is there, and what they weigh. */
async function measureRestart(target: ApiTarget): Promise<Row[]> {
  const starts: number[] = []
  const resident: number[] = []
  for (let i = 0; i < RUNS; i++) {
    starts.push((await target.restart()).startMs)
    resident.push(target.process!.residentMegabytes())
  }
  const bytes = (median(resident) - (await emptyMegabytes())) * 1e6
  const objects = OBJECTS + PODS
  return [row('startObjects', median(starts) / 1000), row('bytesPerObject', bytes / objects)]
}

/** Resident memory of a server without objects. */
async function emptyMegabytes(): Promise<number> {
  const empty = await ApiTarget.start(tmpdir())
  try {
    await empty.restart()
    return empty.process!.residentMegabytes()
  } finally {
    await empty.stop()
  }
}

const apiStep = (name: string, measure: (target: ApiTarget) => Promise<Row[]>): Step => ({
  name,
  timeoutMs: 600_000,
  measure: async ({ target }: BenchContext) => measure(await target()),
})

export const apiWritesStep = apiStep('api-writes', measureWrites)
export const apiWatchesStep = apiStep('api-watches', measureWatches)
export const apiListsStep = apiStep('api-lists', measureListsAlone)
