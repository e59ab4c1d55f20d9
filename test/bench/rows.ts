// The figures of the bench: what each is held against, and how it is printed.

export interface Row {
  figure: string
  ours: number
  unit: string
  /** What Kubernetes 1.36.2 (or the program named) reached; recorded unless it ran beside ours. */
  reference?: { value: number; who: string; recorded: boolean }
  goal?: { value: number; better: 'lower' | 'higher' }
}

const RECORDED = 'Kubernetes 1.36.2'

interface Known {
  figure: string
  unit: string
  recorded?: number
  goal?: Row['goal']
}

/** The table of figures; a measurement names its row. */
export const KNOWN = {
  startApi: {
    figure: 'start, warm, to API ready',
    unit: 's',
    recorded: 2.7,
    goal: { value: 1, better: 'lower' },
  },
  startNode: {
    figure: 'start, warm, to Ready nodes',
    unit: 's',
    recorded: 9.9,
    goal: { value: 3, better: 'lower' },
  },
  memory: {
    figure: 'memory of engine and edge, idle (RSS)',
    unit: 'MB',
    recorded: 743,
    goal: { value: 200, better: 'lower' },
  },
  firstPod: {
    figure: 'kubectl create to rolled out, 1 replica',
    unit: 's',
    recorded: 0.55,
    goal: { value: 0.4, better: 'lower' },
  },
  scale: {
    figure: 'scale 1 to 20 replicas, all ready',
    unit: 's',
    recorded: 3.8,
    goal: { value: 3, better: 'lower' },
  },
  writes50: {
    figure: 'durable creates/s over HTTPS, 50 clients',
    unit: '/s',
    recorded: 1370,
    goal: { value: 3000, better: 'higher' },
  },
  writes50p99: {
    figure: '  their 99th percentile',
    unit: 'ms',
    recorded: 103,
    goal: { value: 50, better: 'lower' },
  },
  writes1: {
    figure: 'durable creates/s over HTTPS, 1 client',
    unit: '/s',
    recorded: 245,
    goal: { value: 700, better: 'higher' },
  },
  watchEvents: {
    figure: 'the same, 50 clients and 20 watchers: events delivered',
    unit: '/s',
    recorded: 24_800,
    goal: { value: 50_000, better: 'higher' },
  },
  watchLag: {
    figure: '  their lag at the 99th percentile',
    unit: 'ms',
    recorded: 171,
    goal: { value: 50, better: 'lower' },
  },
  apiWrites1: { figure: 'API alone: durable creates/s, 1 client', unit: '/s' },
  apiWrites1p99: { figure: '  their 99th percentile', unit: 'ms' },
  apiWrites10: { figure: 'API alone: durable creates/s, 10 clients', unit: '/s' },
  apiWrites10p99: { figure: '  their 99th percentile', unit: 'ms' },
  apiWrites50: {
    figure: 'API alone: durable creates/s, 50 clients',
    unit: '/s',
    goal: { value: 3000, better: 'higher' },
  },
  apiWrites50p99: {
    figure: '  their 99th percentile',
    unit: 'ms',
    goal: { value: 50, better: 'lower' },
  },
  apiWrites1000: { figure: 'API alone: durable creates/s, 1,000 clients', unit: '/s' },
  apiWrites1000p99: { figure: '  their 99th percentile', unit: 'ms' },
  fanOut: {
    figure: 'API alone: events delivered to 1,000 watchers',
    unit: '/s',
    goal: { value: 50_000, better: 'higher' },
  },
  fanOutLag: { figure: '  their lag at the 99th percentile', unit: 'ms' },
  listPods: {
    figure: 'API alone: list of 10,000 pods',
    unit: 'ms',
    goal: { value: 150, better: 'lower' },
  },
  listObjects: { figure: 'API alone: list of 100,000 objects of 1 KB', unit: 'ms' },
  bytesPerObject: { figure: 'API alone: memory per object of 1 KB', unit: 'B' },
  startObjects: {
    figure: 'API alone: start to ready with 100,000 objects',
    unit: 's',
    goal: { value: 3, better: 'lower' },
  },
  clusterMemory: { figure: '2,000 empty clusters in one process: memory of each', unit: 'MB' },
  clusterStart: { figure: '  time to start each', unit: 'ms' },
  clusterThreads: { figure: '  threads of the process', unit: '' },
  list: {
    figure: 'list of 13,700 objects of 1 KB',
    unit: 'ms',
    recorded: 165,
    goal: { value: 120, better: 'lower' },
  },
  memoryAfterList: {
    figure: 'memory of the engine after that (RSS)',
    unit: 'MB',
    recorded: 730,
    goal: { value: 300, better: 'lower' },
  },
  lostRequests: {
    figure: 'requests lost in a rolling update under load',
    unit: '',
    goal: { value: 0, better: 'lower' },
  },
  scheduling: {
    figure: 'scheduling, 5,000 nodes',
    unit: 'pods/s',
    recorded: 745,
    goal: { value: 1000, better: 'higher' },
  },
  // The references of these are floors that Kubernetes' own scheduler_perf demands.
  schedulingApart: {
    figure: '  pods that keep apart (anti-affinity)',
    unit: 'pods/s',
    recorded: 60,
    goal: { value: 1000, better: 'higher' },
  },
  schedulingSpread: {
    figure: '  pods that must lie evenly over zones',
    unit: 'pods/s',
    recorded: 85,
    goal: { value: 1000, better: 'higher' },
  },
  schedulingPreempt: {
    figure: '  pods that take the places of others',
    unit: 'pods/s',
    goal: { value: 100, better: 'higher' },
  },
  demo: {
    figure: './ccs up --demo, warm, to the first answer',
    unit: 's',
    goal: { value: 5, better: 'lower' },
  },
  fsync: { figure: 'calibration: 4 KiB write+fsync', unit: '/s', recorded: 7000 },
  sha256: { figure: 'calibration: SHA-256, one core, 1 MiB chunks', unit: 'MB/s', recorded: 1735 },
} as const satisfies Record<string, Known>

export type RowName = keyof typeof KNOWN

export function row(name: RowName, ours: number): Row {
  const known: Known = KNOWN[name]
  return {
    figure: known.figure,
    unit: known.unit,
    ours,
    ...(known.goal ? { goal: known.goal } : {}),
    ...(known.recorded === undefined
      ? {}
      : { reference: { value: known.recorded, who: RECORDED, recorded: true } }),
  }
}

function digits(value: number): string {
  if (value === 0) return '0'
  return value >= 100 ? Math.round(value).toLocaleString('en-US') : value.toFixed(2)
}

function verdict({ ours, goal }: Row): string {
  if (goal === undefined) return ''
  const reached = goal.better === 'lower' ? ours <= goal.value : ours >= goal.value
  return reached ? 'reached' : 'NOT reached'
}

/** A Markdown table, so that it can go into a document as it is. */
export function renderRows(rows: readonly Row[]): string {
  const cells = rows.map((item) => [
    item.figure,
    `${digits(item.ours)} ${item.unit}`.trim(),
    item.reference
      ? `${digits(item.reference.value)} ${item.unit}${item.reference.recorded ? ' (recorded)' : ` (${item.reference.who})`}`
      : '',
    item.goal
      ? `${item.goal.better === 'lower' ? '≤' : '≥'} ${digits(item.goal.value)} ${item.unit}`.trim()
      : '',
    verdict(item),
  ])
  const all = [['figure', 'ccs', 'reference', 'goal', ''], ...cells]
  const widths = all[0]!.map((_, i) => Math.max(...all.map((line) => line[i]!.length)))
  const line = (parts: string[]) =>
    `| ${parts.map((cell, i) => cell.padEnd(widths[i]!)).join(' | ')} |`
  const rule = `|${widths.map((width) => '-'.repeat(width + 2)).join('|')}|`
  return [line(all[0]!), rule, ...all.slice(1).map(line)].join('\n')
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = Math.floor(sorted.length / 2)
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2
}

export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN
}
