// npm run fuzz: mutated inputs for everything that reads what others wrote, for as long as one likes.
import { parseArgs } from 'node:util'
import { systemRandom } from '#base/random.ts'
import { decoders } from './decoders.ts'
import { fuzz, showFall } from './run-fuzz.ts'

const HELP = `Usage: npm run fuzz -- [options]

Feeds mutated inputs to every decoder, and shows the first over which one falls.

Options:
  --only NAME   the decoders whose names contain this
  --minutes N   how long (1)
  --cases N     cases of each decoder in a round (500)
  --seed N      where the random numbers begin; printed with each fall
  --list        names the decoders
`

const { values } = parseArgs({
  options: {
    only: { type: 'string', default: '' },
    minutes: { type: 'string', default: '1' },
    cases: { type: 'string', default: '500' },
    seed: { type: 'string', default: String(Math.floor(systemRandom.next() * 1e9)) },
    list: { type: 'boolean', default: false },
    help: { type: 'boolean', short: 'h', default: false },
  },
})

const chosen = decoders.filter(({ name }) => name.includes(values.only))
if (values.help) process.stdout.write(HELP)
else if (values.list) for (const { name } of chosen) process.stdout.write(`${name}\n`)
else process.exitCode = run() ? 0 : 1

function run(): boolean {
  const cases = Number(values.cases)
  const until = performance.now() + Number(values.minutes) * 60_000
  const fallen = new Set<string>()
  let seed = Number(values.seed)
  let count = 0
  process.stdout.write(`${chosen.length} decoders, seed ${seed}\n`)
  do {
    for (const decoder of chosen) {
      if (fallen.has(decoder.name)) continue
      const fall = fuzz(decoder, { seed, cases })
      count += cases
      if (fall === undefined) continue
      fallen.add(decoder.name)
      process.stdout.write(`${showFall(fall)}\n\n`)
    }
    seed += cases
  } while (performance.now() < until && cases > 1)
  process.stdout.write(`${count} cases, ${fallen.size} of ${chosen.length} decoders fell\n`)
  return fallen.size === 0
}
