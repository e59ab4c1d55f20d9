import assert from 'node:assert/strict'
import { test } from 'node:test'
import { runSimulation } from '#sim/simulation.ts'
import { type PlantedBug, plantedBugs } from '#sim/planted/planted-bugs.ts'

const FIRST_SEED = 40

/** What the first of a few seeds finds: which one hits upon a bug changes with every draw. */
async function firstProblem({ seedsMax, name: _name, found: _found, ...bug }: PlantedBug) {
  for (let seed = FIRST_SEED; seed < FIRST_SEED + seedsMax; seed++) {
    const { problem } = await runSimulation({ ...bug, seed, pace: 'hectic' })
    if (problem !== undefined) return problem
  }
  return 'none'
}

for (const bug of plantedBugs)
  test(`runSimulation finds ${bug.name}`, async () => {
    assert.match(await firstProblem(bug), bug.found)
  })
