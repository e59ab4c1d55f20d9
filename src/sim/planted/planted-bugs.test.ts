// The quick ones; test/integration/sim has all.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { firstProblem } from './first-problem.ts'
import { plantedBugs } from './planted-bugs.ts'

const QUICK_SEEDS_MAX = 2

for (const bug of plantedBugs.filter(({ seedsMax }) => seedsMax <= QUICK_SEEDS_MAX))
  test(`runSimulation finds ${bug.name}`, async () => {
    assert.match(await firstProblem(bug), bug.found)
  })
