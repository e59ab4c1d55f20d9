// npm run soak [-- --times N --seed S]: kill -9 and power loss under load, and no promise broken.
import { randomInt } from 'node:crypto'
import { tmpdir } from 'node:os'
import { Command, InvalidArgumentError } from 'commander'
import { runSoak } from './run-soak.ts'

function whole(text: string): number {
  const value = Number(text)
  if (!Number.isInteger(value) || value < 1) throw new InvalidArgumentError('1 or more is needed.')
  return value
}

const { times, seed } = new Command('npm run soak --')
  .description(
    'Kills the store, an API server and the registry under load, cuts the power of a disk, and checks.',
  )
  .option('--times <number>', 'blows in all', whole, 1_000)
  .option('--seed <number>', 'where the moments come from', whole, randomInt(2 ** 31))
  .parse()
  .opts<{ times: number; seed: number }>()

const say = (line: string): void => void process.stdout.write(`${line}\n`)
say(`${times} blows, seed ${seed}`)
const began = performance.now()
const missing = await runSoak({ times, seed, directory: tmpdir(), say })
for (const line of missing) say(`NOT DONE: ${line}`)
say(`no promise was broken (${((performance.now() - began) / 1000).toFixed(0)} s)`)
