// What goes on in the priority levels, as the debug endpoints of Kubernetes print it.
import type { Level } from './level.ts'

const DUMPS = {
  dump_priority_levels: levelsTable,
  dump_queues: queuesTable,
  dump_requests: requestsTable,
} as const

export type Dump = keyof typeof DUMPS

export const isDump = (name: string): name is Dump => Object.hasOwn(DUMPS, name)

export const dump = (what: Dump, levels: readonly Level[]): string =>
  aligned(DUMPS[what](levels.toSorted((a, b) => (a.name < b.name ? -1 : 1))))

type Row = readonly (string | number | boolean)[]

/** One line for each row, its values under one another. */
function aligned(rows: readonly Row[]): string {
  const cells = rows.map((row) => row.map(String))
  const widths = cells[0]!.map((_, at) => Math.max(...cells.map((row) => row[at]!.length)))
  const line = (row: readonly string[]) =>
    row
      .map((cell, at) => (at === row.length - 1 ? cell : `${cell},`.padEnd(widths[at]! + 2)))
      .join('')
  return cells.map((row) => `${line(row).trimEnd()}\n`).join('')
}

function levelsTable(levels: readonly Level[]): Row[] {
  const columns = [
    'PriorityLevelName',
    'ActiveQueues',
    'IsIdle',
    'IsQuiescing',
    'WaitingRequests',
    'ExecutingRequests',
    'DispatchedRequests',
    'RejectedRequests',
    'TimedoutRequests',
    'CancelledRequests',
  ]
  const rows = levels.map(({ name, queues, isIdle, isQuiescing, executing, counts }) => [
    name,
    queues.all.filter(({ waiting }) => waiting.length > 0).length,
    isIdle,
    isQuiescing,
    queues.waiting,
    executing,
    counts.dispatched,
    counts.rejected,
    counts.timedOut,
    counts.cancelled,
  ])
  return [columns, ...rows]
}

/** Queues that nobody uses do not exist. */
function queuesTable(levels: readonly Level[]): Row[] {
  const columns = [
    'PriorityLevelName',
    'Index',
    'PendingRequests',
    'ExecutingRequests',
    'SeatsInUse',
    'NextDispatchR',
    'InitialSeatsSum',
    'MaxSeatsSum',
    'TotalWorkSum',
  ]
  const rows = levels.flatMap(({ name, queues }) =>
    queues.all.map((queue) => {
      const seats = queue.waiting.reduce((sum, request) => sum + request.seats, 0)
      const { index, requestsInUse, seatsInUse, consumed } = queue
      const had = `${consumed.toFixed(8)}ss`
      const pending = queue.waiting.length
      return [name, index, pending, requestsInUse, seatsInUse, had, seats, seats, `${seats}ss`]
    }),
  )
  return [columns, ...rows]
}

function requestsTable(levels: readonly Level[]): Row[] {
  const columns = [
    'PriorityLevelName',
    'FlowSchemaName',
    'QueueIndex',
    'RequestIndexInQueue',
    'FlowDistingsher',
    'ArriveTime',
    'InitialSeats',
    'FinalSeats',
    'AdditionalLatency',
    'StartTime',
  ]
  const rows = levels.flatMap(({ name, queues }) =>
    queues.all.flatMap((queue) =>
      queue.waiting.map(({ asked, arrivedAt, seats }, at) => {
        const arrived = new Date(arrivedAt).toISOString()
        const { schema, distinguisher } = asked
        return [name, schema, queue.index, at, distinguisher, arrived, seats, 0, '0s', '']
      }),
    ),
  )
  return [columns, ...rows]
}
