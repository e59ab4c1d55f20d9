import { Command, InvalidArgumentError } from 'commander'
import { randomInt } from 'node:crypto'

export interface DevOptions {
  nodes: number
  port: number
  seed: number
  /** Where everything is kept; a directory of its own, removed at the end, unless given. */
  dataDir?: string
}

const NODES_MAX = 100

function whole(least: number, most: number) {
  return (text: string): number => {
    const value = Number(text)
    if (!Number.isInteger(value) || value < least || value > most)
      throw new InvalidArgumentError(`It must be a whole number from ${least} to ${most}.`)
    return value
  }
}

export function readDevOptions(argv: readonly string[]): DevOptions {
  const program = new Command('npm run dev --')
    .description(
      'Serves a cluster without root and containers: the API, the controllers, the scheduler and the ' +
        'platform are real, nodes and what runs on them are simulated.',
    )
    .option('--nodes <number>', 'simulated nodes, in two zones', whole(1, NODES_MAX), 3)
    .option(
      '--port <number>',
      'port of the API on 127.0.0.1; 0 takes a free one',
      whole(0, 65_535),
      7443,
    )
    .option('--seed <number>', 'where the times of simulated pods come from', whole(0, 2 ** 32 - 1))
    .option('--data-dir <directory>', 'keep everything here; else it is gone at the end')
    .parse(argv)
  const options = program.opts<Omit<DevOptions, 'seed'> & { seed?: number }>()
  return { ...options, seed: options.seed ?? randomInt(2 ** 31) }
}
