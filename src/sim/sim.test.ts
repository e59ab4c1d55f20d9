import assert from 'node:assert/strict'
import { randomInt } from 'node:crypto'
import { test } from 'node:test'
import { Worker } from 'node:worker_threads'
import { allFaults } from './faults.ts'
import { runSimulation, type SimulationOptions, type SimulationResult } from './simulation.ts'

async function assertWell(options: SimulationOptions): Promise<void> {
  const { problem, tail } = await runSimulation(options)
  assert.equal(
    problem,
    undefined,
    `seed ${options.seed}: ${problem}\n${tail.join('\n')}\n` +
      `again: npm run sim -- --seed ${options.seed} --hours ${options.minutes / 60}\n`,
  )
}

test('runSimulation finds nothing wrong with every fault', () =>
  assertWell({ seed: 1, minutes: 10 }))

test('runSimulation finds nothing wrong without faults', () =>
  assertWell({ seed: 3, minutes: 10, faults: [] }))

test('runSimulation finds nothing wrong when only the clock is set', () =>
  assertWell({ seed: 5, minutes: 20, faults: ['clock-step'] }))

test('runSimulation finds nothing wrong with a seed nobody has tried', (context) => {
  const seed = randomInt(2 ** 31)
  context.diagnostic(`seed ${seed}`)
  return assertWell({ seed, minutes: 10 })
})

/** In a process of its own, as far as what it has in memory goes. */
function elsewhere(options: SimulationOptions): Promise<SimulationResult> {
  const { seed, ...workerData } = options
  const worker = new Worker(new URL('./run-worker.ts', import.meta.url), { workerData })
  return new Promise<SimulationResult>((resolve, reject) => {
    worker.once('message', resolve)
    worker.once('error', reject)
    worker.postMessage(seed)
  }).finally(() => void worker.terminate())
}

test('runSimulation does the same again for the same seed, here and elsewhere, and not for another', async () => {
  const options = { seed: 4, minutes: 6 }
  const [first, second, third, other] = [
    await runSimulation(options),
    await runSimulation(options),
    await elsewhere(options),
    await runSimulation({ ...options, seed: 6 }),
  ]
  assert.ok(first.traceLines > 200)
  assert.equal(first.traceHash, second.traceHash)
  assert.equal(first.traceHash, third.traceHash)
  assert.notEqual(first.traceHash, other.traceHash)
})

test('runSimulation lets every kind of fault strike', async () => {
  // What strikes once in hours is made frequent, so that minutes have all of it.
  const rates = {
    'watch-stalled': 0.02,
    'watch-expired': 0.02,
    'process-crash-at-write': 0.02,
    'server-crash': 0.3,
    'server-crash-at-write': 0.01,
    'disk-full': 0.3,
    'node-silent': 0.2,
    'clock-step': 0.5,
    'container-crash': 0.7,
    'probe-failure': 0.7,
    'pull-failure': 0.3,
  }
  const { faults } = await runSimulation({ seed: 20, minutes: 12, rates, pace: 'hectic' })
  assert.deepEqual(Object.keys(faults).toSorted(), [...allFaults].toSorted())
})
