// npm run bench [-- --only NAME ...]: measures the figures of the product and prints them as one table.
import { accessSync, constants } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { Command } from 'commander'
import { listStep, watchesStep, writesStep } from './api.ts'
import { apiListsStep, apiWatchesStep, apiWritesStep } from './api-alone.ts'
import { ApiTarget } from './api-target.ts'
import { calibrationStep } from './calibrate.ts'
import { clustersStep } from './clusters.ts'
import { memoryStep } from './idle-memory.ts'
import { LiveInstance } from './live-instance.ts'
import { registryStep } from './registry-rows.ts'
import { rollingUpdateStep } from './rolling-update.ts'
import { firstPodStep, scaleStep } from './rollout.ts'
import { renderRows, type Row } from './rows.ts'
import { schedulingStep } from './scheduling.ts'
import { startStep } from './start.ts'
import type { BenchContext, Need, Step } from './step.ts'

/** In this order: what fills the store comes last, lest it weigh on the rest. */
const steps: readonly Step[] = [
  calibrationStep,
  apiWritesStep,
  apiWatchesStep,
  apiListsStep,
  clustersStep,
  registryStep,
  schedulingStep,
  startStep,
  memoryStep,
  firstPodStep,
  scaleStep,
  rollingUpdateStep,
  listStep,
  writesStep,
  watchesStep,
]

const names = steps.map((step) => step.name)
/** Those that can be asked of any Kubernetes. */
const API_STEPS = [apiWritesStep, apiWatchesStep, apiListsStep].map((step) => step.name)
const options = new Command('bench')
  .description('Measures the figures of ccs and prints them as one Markdown table.')
  .option('--only <names...>', `some of: ${names.join(', ')}`)
  .option('--server <url>', `measure the API of another Kubernetes: ${API_STEPS.join(', ')}`)
  .option('--token <token>', 'bearer token of an administrator there')
  .parse()
  .opts<{ only?: string[]; server?: string; token?: string }>()
if ((options.server === undefined) !== (options.token === undefined)) {
  console.error('--server and --token go together')
  process.exit(2)
}
const other =
  options.server === undefined ? undefined : { server: options.server, token: options.token! }
const chosen =
  options.only?.flatMap((text) => text.split(',')) ?? (other === undefined ? undefined : API_STEPS)
const foreign = chosen?.find((name) => names.includes(name) && !API_STEPS.includes(name))
if (other !== undefined && foreign !== undefined) {
  console.error(
    `"${foreign}" cannot be measured with --server; choose from ${API_STEPS.join(', ')}`,
  )
  process.exit(2)
}
const unknown = chosen?.find((name) => !names.includes(name))
if (unknown !== undefined) {
  console.error(`there is no figure "${unknown}"; choose from ${names.join(', ')}`)
  process.exit(2)
}

const say = (line: string) => console.error(line)
const notes: string[] = []
let live: Promise<LiveInstance> | undefined
let target: Promise<ApiTarget> | undefined
const context: BenchContext = {
  directory: tmpdir(),
  target: () => (target ??= ApiTarget.start(tmpdir(), other)),
  live: () => (live ??= LiveInstance.start()),
  note: (line) => void notes.push(line),
}

function isInstalled(program: string): boolean {
  return (process.env['PATH'] ?? '').split(':').some((directory) => {
    try {
      accessSync(path.join(directory, program), constants.X_OK)
      return true
    } catch (error) {
      if (error instanceof Error && 'code' in error) return false
      throw error
    }
  })
}

const lacks: Record<Need, () => string | undefined> = {
  root: () => (process.getuid?.() === 0 ? undefined : 'needs root'),
  kubectl: () => (isInstalled('kubectl') ? undefined : 'kubectl is not installed'),
}

async function within<T>(timeoutMs: number, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`took longer than ${timeoutMs} ms`)), timeoutMs)
  })
  try {
    return await Promise.race([work, late])
  } finally {
    clearTimeout(timer)
  }
}

/** Rows of a step; one that cannot be measured says why and leaves the others alone. */
async function measure(step: Step): Promise<{ rows: Row[]; failed: boolean }> {
  const lacking = (step.needs ?? []).flatMap((need) => lacks[need]() ?? [])
  if (lacking.length > 0) {
    notes.push(`${step.name}: not measured, ${lacking.join(', ')}`)
    return { rows: [], failed: false }
  }
  say(`measuring ${step.name} ...`)
  try {
    return { rows: await within(step.timeoutMs, step.measure(context)), failed: false }
  } catch (error) {
    notes.push(`${step.name}: FAILED, ${error instanceof Error ? error.message : String(error)}`)
    return { rows: [], failed: true }
  }
}

let isPurged = false
async function purge(): Promise<void> {
  if (isPurged) return
  isPurged = true
  // What could not be started was removed by who tried.
  await (await target?.catch(() => undefined))?.stop()
  if (live === undefined) return
  say('removing the instance ...')
  const instance = await live.catch(() => undefined)
  await instance?.purge()
}

for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.once(signal, () => void purge().finally(() => process.exit(130)))

const rows: Row[] = []
let failures = 0
try {
  for (const step of steps) {
    if (chosen !== undefined && !chosen.includes(step.name)) continue
    const { rows: measured, failed } = await measure(step)
    rows.push(...measured)
    if (failed) failures++
  }
} finally {
  await purge()
}
console.log(renderRows(rows))
for (const note of notes) console.log(`\n- ${note}`)
// Steps that were late may still hold connections.
process.exit(failures > 0 ? 1 : 0)
