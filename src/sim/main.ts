// npm run sim -- --seed 7 --hours 1: runs the simulation with one seed and prints what came of it.
import { randomInt } from 'node:crypto'
import { Command } from 'commander'
import { allFaults, type Fault } from './faults.ts'
import { runSimulation } from './simulation.ts'

const program = new Command('sim')
  .description('Simulates a cluster with users and faults; the same seed gives the same run.')
  .option('--seed <number>', 'where all chance comes from; drawn when not given', Number)
  .option('--hours <number>', 'simulated time with users and faults', Number, 1)
  .option('--runs <number>', 'runs with seeds counting up from the first', Number, 1)
  .option('--faults <list>', `"none", or some of ${allFaults.join(',')}`)
  .option('--trace', 'print every change as it happens', false)
  .parse()

const { seed, hours, runs, faults, trace } = program.opts<{
  seed?: number
  hours: number
  runs: number
  faults?: string
  trace: boolean
}>()

function faultsOf(list: string | undefined): readonly Fault[] {
  if (list === undefined) return allFaults
  const names = list === 'none' ? [] : list.split(',')
  const unknown = names.find((name) => !(allFaults as readonly string[]).includes(name))
  if (unknown !== undefined)
    program.error(`there is no fault "${unknown}"; choose from ${allFaults.join(', ')}`)
  return names as Fault[]
}

const first = seed ?? randomInt(2 ** 31)
for (let run = 0; run < runs; run++) {
  const result = await runSimulation({
    seed: first + run,
    minutes: hours * 60,
    faults: faultsOf(faults),
    ...(trace ? { write: (line: string) => console.log(line.trimEnd()) } : {}),
  })
  console.log(
    `seed ${result.seed}: ${result.problem ?? 'as it should be'}; trace ${result.traceHash}, ` +
      `${result.traceLines} lines; settled after ${result.settledAfterSeconds ?? '-'} s`,
  )
  if (result.problem === undefined) continue
  if (!trace) for (const line of result.tail) console.log(`  ${line}`)
  console.log(`faults: ${JSON.stringify(result.faults)}`)
  process.exitCode = 1
  break
}
