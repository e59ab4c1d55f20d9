// npm run sim -- --seed 7 --hours 1: runs the simulation and prints what came of it.
import { execFileSync } from 'node:child_process'
import { randomInt } from 'node:crypto'
import { Command, InvalidArgumentError } from 'commander'
import { allFaults, type Fault } from './faults.ts'
import { runMany } from './run-many.ts'
import { runSimulation, type SimulationResult } from './simulation.ts'
import { summary } from './summary.ts'

interface Options {
  seed: number
  hours: number
  runs: number
  jobs: number
  faults: readonly Fault[]
  trace: boolean
  keepGoing: boolean
}

function numberFrom(least: number, isWhole = true) {
  return (text: string): number => {
    const value = Number(text)
    if (!(value >= least) || (isWhole && !Number.isInteger(value)))
      throw new InvalidArgumentError(
        `It must be a ${isWhole ? 'whole ' : ''}number of at least ${least}.`,
      )
    return value
  }
}

function faultsOf(list: string): readonly Fault[] {
  const names = list === 'none' ? [] : list.split(',')
  const unknown = names.find((name) => !(allFaults as readonly string[]).includes(name))
  if (unknown !== undefined)
    throw new InvalidArgumentError(
      `There is no fault "${unknown}"; choose from ${allFaults.join(', ')}.`,
    )
  return names as Fault[]
}

function readOptions(): Options {
  const program = new Command('npm run sim --')
    .description(
      'Simulates the whole product with users and faults: API servers, controllers, scheduler and ' +
        'platform are real, nodes and time are not. The same seed gives the same run.',
    )
    .option('--seed <number>', 'where all chance comes from; drawn when not given', numberFrom(0))
    .option('--hours <number>', 'simulated time with users and faults', numberFrom(0, false), 1)
    .option('--runs <number>', 'runs with seeds counting up from the first', numberFrom(1), 1)
    .option('--jobs <number>', 'runs at the same time, each in a thread', numberFrom(1), 1)
    .option(
      '--faults <list>',
      `"none", or some of ${allFaults.join(', ')}, with commas between; all unless given`,
      faultsOf,
    )
    .option('--trace', 'print every change as it happens; one run only', false)
    .option('--keep-going', 'go on with the next seed after one failed', false)
    .parse()
  type Given = Omit<Options, 'seed' | 'faults'> & Partial<Options>
  const options = program.opts<Given>()
  if (options.trace && options.runs > 1) program.error('--trace shows one run: leave --runs out')
  return {
    ...options,
    seed: options.seed ?? randomInt(2 ** 31),
    faults: options.faults ?? allFaults,
  }
}

/** What the code was, for whoever wants to see the same again. */
function commit(): string {
  try {
    const { dirname } = import.meta
    const git = (...args: string[]) => execFileSync('git', args, { cwd: dirname, encoding: 'utf8' })
    const isChanged = git('status', '--porcelain', '--untracked-files=no').trim() !== ''
    return git('rev-parse', '--short', 'HEAD').trim() + (isChanged ? ' with changes' : '')
  } catch (error) {
    return `unknown (${(error as Error).message.split('\n')[0]})`
  }
}

function printResult(result: SimulationResult): void {
  const { seed, problem, traceHash, traceLines, settledAfterSeconds } = result
  console.log(
    `seed ${seed}: ${problem ?? 'as it should be'}; trace ${traceHash}, ` +
      `${traceLines} lines; settled after ${settledAfterSeconds ?? '-'} s`,
  )
}

function printFailure(result: SimulationResult, { hours, faults, trace }: Options): void {
  if (!trace) for (const line of result.tail) console.log(`  ${line}`)
  const some = faults === allFaults ? '' : ` --faults ${faults.join(',') || 'none'}`
  console.log(
    `problem: ${result.problem}\ncommit: ${commit()}\n` +
      `again: npm run sim -- --seed ${result.seed} --hours ${hours}${some} --trace`,
  )
}

async function main(): Promise<void> {
  const options = readOptions()
  const { seed, runs, jobs, hours, faults, trace, keepGoing } = options
  const results: SimulationResult[] = []
  const onResult = (result: SimulationResult): boolean => {
    results.push(result)
    printResult(result)
    return result.problem === undefined || keepGoing
  }
  const simulation = { minutes: hours * 60, faults }
  if (trace) {
    const write = (line: string) => console.log(line.trimEnd())
    onResult(await runSimulation({ ...simulation, seed, write }))
  } else {
    const seeds = Array.from({ length: runs }, (_, run) => seed + run)
    await runMany({ seeds, jobs, simulation, onResult })
  }
  const failed = results.find(({ problem }) => problem !== undefined)
  if (failed !== undefined) printFailure(failed, options)
  console.log(summary(results))
  if (failed !== undefined) process.exitCode = 1
}

await main()
